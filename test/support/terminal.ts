export interface FakeTerminal {
  write(text: string): true;
  columns: number;
  rows: number;
  /** What stands on it, all that has scrolled away included. */
  shown(): string;
  isHidden(): boolean;
  /** Everything that was written to it. */
  written(): string;
  /** Lines that were longer than it is wide, so that it broke them itself. */
  broken(): string[];
}

/** What command lines may send: newline, return, cursor up, erase to the line's and the screen's end, cursor, style. */
const PARTS = /\u001b\[(?:(\d+)A|([KJ])|\?25([lh])|[\d;]*m)|[\s\S]/gu;

/** A terminal of endless height. What it does not know stands on it as it is, for tests to stumble over. */
export function fakeTerminal(columns: number, widthOf: (character: string) => number = () => 1): FakeTerminal {
  const rows: string[][] = [[]];
  const broken: string[] = [];
  let row = 0;
  let column = 0;
  let hidden = false;
  let written = '';
  const to = (number: number) => {
    row = number;
    rows[row] ??= [];
  };
  const put = (character: string) => {
    const width = widthOf(character);
    if (column + width > columns) {
      broken.push((rows[row] ?? []).join(''));
      to(row + 1);
      column = 0;
    }
    const line = rows[row] as string[];
    while (line.length < column) line.push(' ');
    // The second half of a wide character is empty.
    line.splice(column, width, character, ...Array.from({ length: width - 1 }, () => ''));
    column += width;
  };
  return {
    columns,
    rows: 24,
    write(text) {
      written += text;
      for (const [part, up, erase, cursor] of text.matchAll(PARTS)) {
        if (up) to(Math.max(0, row - Number(up)));
        else if (erase) {
          rows[row] = (rows[row] ?? []).slice(0, column);
          if (erase === 'J') rows.length = row + 1;
        } else if (cursor) hidden = cursor === 'l';
        else if (part === '\r') column = 0;
        else if (part === '\n') {
          to(row + 1);
          column = 0;
        } else if (!part.startsWith('\u001b[')) put(part);
      }
      return true;
    },
    shown: () =>
      rows
        .map((line) => line.join('').trimEnd())
        .join('\n')
        .trimEnd(),
    isHidden: () => hidden,
    written: () => written,
    broken: () => broken,
  };
}
