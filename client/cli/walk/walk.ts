import type { Style } from '../style.ts';
import { truncate, widthOf } from '../text.ts';
import { type Page, pagesOf, type Walked } from './pages.ts';
import { newWalker, pressed, type Walker } from './walker.ts';

/** Keys as a person types them. */
export interface Keyboard {
  isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  off(event: 'data', listener: (bytes: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

export interface Display {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}

const ALTERNATE = { enter: '\u001b[?1049h\u001b[?25l', leave: '\u001b[?25h\u001b[?1049l' };
const HOME = '\u001b[H';
const ERASE_LINE_END = '\u001b[K';
const ERASE_BELOW = '\u001b[J';
const KEYS = ['n/p page', 'space/b scroll', '/ search', 'f again', 'q leave'];

/** Everything at once, where nobody is at a keyboard. */
export function printWalk(walked: Walked, out: Display, style: Style): void {
  for (const { title, lines } of pagesOf(walked, { style, columns: out.isTTY ? (out.columns || 80) - 1 : Infinity })) {
    out.write(`${style('strong', title)}\n${lines.join('\n')}\n\n`);
  }
}

/** A page a time, until the person leaves. `head` stands above every page. */
export async function walk(
  walked: Walked,
  head: string,
  out: Display,
  keyboard: Keyboard,
  style: Style,
): Promise<void> {
  const size = () => ({ columns: Math.max(20, (out.columns || 80) - 1), rows: Math.max(3, (out.rows || 24) - 4) });
  let { columns, rows } = size();
  let pages = pagesOf(walked, { style, columns });
  let walker = newWalker();
  const draw = () => out.write(frameOf(walker, pages, head, { style, columns, rows }));
  const left = Promise.withResolvers<void>();
  const onKey = (bytes: Buffer) => {
    for (const key of keysIn(bytes.toString('utf8'))) walker = pressed(walker, key, pages, rows);
    if (walker.done) left.resolve();
    else draw();
  };
  const onResize = () => {
    ({ columns, rows } = size());
    pages = pagesOf(walked, { style, columns });
    walker = { ...walker, top: 0 };
    draw();
  };
  const restore = () => out.write(ALTERNATE.leave);
  process.once('exit', restore);
  out.write(ALTERNATE.enter);
  keyboard.setRawMode?.(true);
  keyboard.on('data', onKey);
  keyboard.resume();
  out.on?.('resize', onResize);
  try {
    draw();
    await left.promise;
  } finally {
    out.off?.('resize', onResize);
    keyboard.off('data', onKey);
    keyboard.setRawMode?.(false);
    keyboard.pause();
    restore();
    process.removeListener('exit', restore);
  }
}

/** Where one is, and as many of the keys as there is room for; how to leave stays. */
function footOf(place: string, columns: number): string {
  const keys = [...KEYS];
  const line = () => [place, ...keys].join(' · ');
  while (keys.length > 1 && widthOf(line()) > columns) keys.splice(-2, 1);
  return line();
}

/** Escape sequences whole, everything else a character each. */
const keysIn = (text: string): string[] => text.match(/\u001b\[[0-9;]*[A-Za-z~]|[\s\S]/gu) ?? [];

/** One write a picture, over the one before: nothing flickers. */
function frameOf(
  walker: Walker,
  pages: readonly Page[],
  head: string,
  { style, columns, rows }: { style: Style; columns: number; rows: number },
): string {
  const page = pages[walker.page] ?? { title: '', lines: [] };
  const shown = page.lines.slice(walker.top, walker.top + rows);
  const more = page.lines.length - walker.top - shown.length;
  const place = `${walker.page + 1} of ${pages.length}${more > 0 ? ` · ${more} more lines` : ''}`;
  const foot = walker.typing !== undefined ? `/${walker.typing}` : (walker.notice ?? footOf(place, columns));
  const lines = [
    style('quiet', truncate(head, columns)),
    style('strong', truncate(page.title, columns)),
    ...shown,
    ...Array.from({ length: rows - shown.length }, () => ''),
    style('quiet', truncate(foot, columns)),
  ];
  return `${HOME}${lines.join(`${ERASE_LINE_END}\n`)}${ERASE_LINE_END}${ERASE_BELOW}`;
}
