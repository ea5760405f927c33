import { cellText, markdownTable } from '../markdown-table.ts';
import type { Cell, Line } from './lines.ts';

/** Rows further apart than this are two tables, in heights of the letters. */
const FAR = 3.5;
/** More columns are no table, but letters that were placed one by one. */
const MOST_COLUMNS = 40;
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

/** The table, or the two columns of text, that begins with this line; `undefined` where none does. */
export function tableAt(lines: readonly Line[], from: number): Found | undefined {
  let to = from;
  while (to < lines.length && lines[to]!.cells.length > 1 && (to === from || isNear(lines[to - 1]!, lines[to]!))) to++;
  const rows = lines.slice(from, to);
  if (rows.length < 2) return undefined;
  const columns = columnsOf(rows);
  if (columns.length < 2 || columns.length > MOST_COLUMNS) return undefined;
  const grid = rows.map(({ cells }) => inColumns(cells, columns));
  if (columns.length === 2 && rows.length >= PROSE_ROWS && isProse(grid)) {
    const text = columns
      .map((_, column) =>
        grid
          .map((row) => row[column])
          .filter(Boolean)
          .join('\n'),
      )
      .join('\n\n');
    return { text, lines: rows.length };
  }
  return { text: markdownTable(grid.map((row) => row.map(cellText))), lines: rows.length };
}

const isNear = (above: Line, line: Line): boolean => {
  const distance = above.y - line.y;
  return distance > 0 && distance < line.height * FAR;
};

/** Stretches of the page's width that cells share; what spans several of them stands in one. */
function columnsOf(rows: readonly Line[]): Cell[] {
  const most = Math.max(...rows.map(({ cells }) => cells.length));
  // Rows with fewer cells have some that reach over several columns.
  const full = rows.filter(({ cells }) => cells.length === most).flatMap(({ cells }) => cells);
  const columns: Cell[] = [];
  for (const cell of full.toSorted((a, b) => a.left - b.left)) {
    const last = columns.at(-1);
    if (last && cell.left < last.right - SLACK) last.right = Math.max(last.right, cell.right);
    else columns.push({ ...cell });
  }
  return columns;
}

/** Each cell in the column with which it shares most. */
function inColumns(cells: readonly Cell[], columns: readonly Cell[]): string[] {
  const row = columns.map(() => '');
  for (const cell of cells) {
    const shared = columns.map(({ left, right }) => Math.min(right, cell.right) - Math.max(left, cell.left));
    const column = shared.indexOf(Math.max(...shared));
    row[column] = row[column] ? `${row[column]} ${cell.text.trim()}` : cell.text.trim();
  }
  return row;
}

function isProse(grid: readonly string[][]): boolean {
  const texts = grid.flat().filter(Boolean);
  return texts.reduce((sum, text) => sum + text.length, 0) / texts.length > PROSE;
}
