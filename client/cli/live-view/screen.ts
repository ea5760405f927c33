import { stripVTControlCharacters } from 'node:util';
import { widthOf } from '../text.ts';

export interface Terminal {
  write(text: string): unknown;
  columns?: number;
  rows?: number;
}

/** A region at the bottom that is redrawn in place, with permanent lines going by above it. One write a change. */
export interface Screen {
  /** Replaces the region. */
  draw(frame: string[]): void;
  /** Puts permanent lines above the region. */
  print(lines: string[]): void;
  /** Takes the region away and gives the cursor back. */
  close(): void;
  /** Leaves the region where it is, with the cursor below it. */
  leave(): void;
}

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const ERASE_LINE_END = '\u001b[K';
const ERASE_BELOW = '\u001b[J';

export function openScreen(out: Terminal): Screen {
  let frame: string[] = [];
  let hidden = false;
  const restore = () => {
    if (hidden) out.write(SHOW_CURSOR);
    hidden = false;
  };
  process.once('exit', restore);

  // A terminal that became narrower has broken the region's lines in two.
  const height = () => {
    const columns = out.columns || 80;
    return frame.reduce(
      (rows, line) => rows + Math.max(1, Math.ceil(widthOf(stripVTControlCharacters(line)) / columns)),
      0,
    );
  };
  const home = () => {
    const up = height() - 1;
    return frame.length === 0 ? '' : up > 0 ? `\r\u001b[${up}A` : '\r';
  };
  const end = () => {
    frame = [];
    restore();
    process.removeListener('exit', restore);
  };
  const hide = () => {
    if (hidden) return '';
    hidden = true;
    return HIDE_CURSOR;
  };
  const body = (lines: string[], next: string[]) => [...lines, ...next].join(`${ERASE_LINE_END}\n`) + ERASE_LINE_END;
  /** Lines that stay as they are are not written again: mostly the first alone has changed. */
  const changes = (next: string[]) =>
    next.map((line, index) => (line === frame[index] ? '' : line + ERASE_LINE_END)).join('\n');

  return {
    draw(next) {
      if (next.length === frame.length && next.every((line, index) => line === frame[index])) return;
      const start = home();
      const isSameHeight = frame.length === next.length && height() === frame.length;
      out.write(`${hide()}${start}${isSameHeight ? changes(next) : `${body([], next)}${ERASE_BELOW}`}`);
      frame = next;
    },
    print(lines) {
      if (lines.length === 0) return;
      const start = home();
      const below = frame.length ? body(lines, frame) : `${lines.join(`${ERASE_LINE_END}\n`)}${ERASE_LINE_END}\n`;
      out.write(`${start}${below}${ERASE_BELOW}`);
    },
    close() {
      if (frame.length) out.write(`${home()}${ERASE_BELOW}`);
      end();
    },
    leave() {
      if (frame.length) out.write('\n');
      end();
    },
  };
}
