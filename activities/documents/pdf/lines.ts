/** A stretch of text on a page. Distances are in points, from the page's left lower corner. */
export interface TextItem {
  str: string;
  /** The last two are where it begins. */
  transform: number[];
  width: number;
  height: number;
  /** A line ends after it. */
  hasEOL: boolean;
}

/** What stands together on a line. */
export interface Cell {
  text: string;
  left: number;
  right: number;
}

/** What is more than a space apart from what stands before it, if only a little. */
export interface Piece extends Cell {
  /** It is far from it. */
  isFar: boolean;
}

export interface Line {
  pieces: Piece[];
  /** Its baseline. */
  y: number;
  height: number;
}

/** Wider than a space, even of a line that is stretched to the margin: in heights of the letters. */
const FAR = 1;
/** As wide as a space, or a narrow gap between columns. */
const APART = 0.22;
/** Less than this is no space. */
const HARDLY_APART = 0.15;
/** Items whose baselines differ by less stand on one line: in heights of the letters. */
const SAME_LINE = 0.3;

/** A page's text line by line, in the order in which the page was written. */
export function linesOf(items: readonly TextItem[]): Line[] {
  const lines: Line[] = [];
  let line: Line | undefined;
  for (const item of items) {
    if (item.str.trim()) {
      const [left = 0, y = 0] = item.transform.slice(4);
      line ??= continuedLine(lines, left, y) ?? started(lines, y, item.height);
      addTo(line, item, left);
    } else if (item.str && line) {
      const last = line.pieces.at(-1)!;
      if (!last.text.endsWith(' ')) last.text += ' ';
    }
    if (item.hasEOL) line = undefined;
  }
  return lines;
}

function started(lines: Line[], y: number, height: number): Line {
  const line = { pieces: [], y, height };
  lines.push(line);
  return line;
}

/** The line before, if what comes now stands beside it: a row whose cells were written one by one. */
function continuedLine(lines: Line[], left: number, y: number): Line | undefined {
  const last = lines.at(-1);
  const isBeside = last && Math.abs(last.y - y) < last.height * SAME_LINE && left > last.pieces.at(-1)!.right;
  return isBeside ? last : undefined;
}

function addTo(line: Line, { str, width, height }: TextItem, left: number): void {
  const last = line.pieces.at(-1);
  line.height = Math.max(line.height, height);
  const gap = last ? (left - last.right) / line.height : 0;
  if (!last || gap > APART) {
    line.pieces.push({ text: str, left, right: left + width, isFar: gap > FAR });
    return;
  }
  const isApart = gap > HARDLY_APART && !/\s$/.test(last.text) && !/^\s/.test(str);
  last.text += (isApart ? ' ' : '') + str;
  last.right = Math.max(last.right, left + width);
}

/** What stands far apart from each other; with `isNarrow` what stands a little apart too. */
export function cellsOf({ pieces }: Line, isNarrow: boolean): Cell[] {
  const cells: Cell[] = [];
  for (const { text, left, right, isFar } of pieces) {
    const last = cells.at(-1);
    if (!last || isFar || isNarrow) cells.push({ text: text.trim(), left, right });
    else {
      last.text += ` ${text.trim()}`;
      last.right = right;
    }
  }
  return cells;
}

export const lineText = ({ pieces }: Line): string => pieces.map(({ text }) => text.trim()).join(' ');
