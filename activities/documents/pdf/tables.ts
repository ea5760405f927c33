import { cellText, markdownTable } from '../markdown-table.ts';
import { type Cell, cellsOf, type Line } from './lines.ts';

/** Rows further apart than this are two tables, in heights of the letters. */
const FAR = 3.5;
/** More columns are no table, but letters that were placed one by one. */
const MOST_COLUMNS = 40;
/** No page has more, and each line of a run that is no table begins to look anew. */
const MOST_ROWS = 150;
/** Two columns of longer texts are a page of two columns, and not a table, in characters. */
const PROSE = 30;
const PROSE_ROWS = 8;

/** How far a cell may reach into the next column, in points. */
const SLACK = 1;

/** A run of lines that has several cells side by side: its text, and how many lines it takes. */
export interface Found {
  text: string;
  lines: number;
}

/**
 * The table, or the two columns of text, that begins with this line; `undefined` where none does, or its cells do not
 * tell which columns they belong to. Narrow gaps part columns where they stand below each other.
 */
export function tableAt(lines: readonly Line[], from: number): Found | undefined {
  return tableOf(lines, from, true) ?? tableOf(lines, from, false);
}

function tableOf(lines: readonly Line[], from: number, isNarrow: boolean): Found | undefined {
  const rows: Cell[][] = [];
  let hasWideGap = false;
  for (let at = from; at < lines.length && rows.length < MOST_ROWS; at++) {
    const line = lines[at]!;
    const cells = cellsOf(line, isNarrow);
    if (cells.length < 2 || (at > from && !isNear(lines[at - 1]!, line))) break;
    hasWideGap ||= line.pieces.some(({ isFar }) => isFar);
    rows.push(cells);
  }
  const most = Math.max(0, ...rows.map((cells) => cells.length));
  const full = rows.filter((cells) => cells.length === most);
  // A word that is set apart has narrow gaps about it in one row, columns have them in most.
  const isParted = isNarrow ? rows.length > 2 && full.length * 2 >= rows.length : rows.length > 1;
  if (!isParted || !hasWideGap) return undefined;
  const columns = columnsOf(full);
  if (columns.length < 2 || columns.length > MOST_COLUMNS) return undefined;
  const grid: string[][] = [];
  let isHead = true;
  for (const cells of rows) {
    // Only above the rows that have all columns may a cell reach over several.
    isHead &&= cells.length < columns.length;
    const row = inColumns(cells, columns, isHead);
    if (!row) return undefined;
    grid.push(row);
  }
  if (columns.length === 2 && rows.length >= PROSE_ROWS && isProse(grid)) {
    const text = columns.map((_, column) => joined(grid.map((row) => row[column] ?? ''))).join('\n\n');
    return { text, lines: rows.length };
  }
  return { text: markdownTable(grid.map((row) => row.map(cellText))), lines: rows.length };
}

const joined = (texts: string[]): string => texts.filter(Boolean).join('\n');

const isNear = (above: Line, line: Line): boolean => {
  const distance = above.y - line.y;
  return distance > 0 && distance < line.height * FAR;
};

/** Stretches of the page's width that cells share. @param full rows that have a cell in each column */
function columnsOf(full: readonly Cell[][]): Cell[] {
  const columns: Cell[] = [];
  for (const cell of full.flat().toSorted((a, b) => a.left - b.left)) {
    const last = columns.at(-1);
    if (last && cell.left < last.right - SLACK) last.right = Math.max(last.right, cell.right);
    else columns.push({ ...cell });
  }
  return columns;
}

/** Each cell in the column with which it shares most; `undefined` where two share the same, or one shares several. */
function inColumns(cells: readonly Cell[], columns: readonly Cell[], isHead: boolean): string[] | undefined {
  const row = columns.map(() => '');
  for (const cell of cells) {
    const shared = columns.map(({ left, right }) => Math.min(right, cell.right) - Math.max(left, cell.left));
    const column = shared.indexOf(Math.max(...shared));
    const isWide = shared.filter((width) => width > SLACK).length > 1;
    if (row[column] || (isWide && !isHead)) return undefined;
    row[column] = cell.text;
  }
  return row;
}

function isProse(grid: readonly string[][]): boolean {
  const texts = grid.flat().filter(Boolean);
  return texts.reduce((sum, text) => sum + text.length, 0) / texts.length > PROSE;
}
