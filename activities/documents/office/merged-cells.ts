import type { Range } from '@e965/xlsx';
import type { SheetRow } from './spreadsheet.ts';

/** Cells filled in one sheet: what a hostile sheet merges has no end. */
const MOST_FILLED = 200_000;

/** Repeats the value of a cell that is merged over several rows in each of them that has text. */
export function fillRows(rows: SheetRow[], merges: Range[]): void {
  const indexOf = new Map(rows.map(({ at }, index) => [at, index]));
  let filled = 0;
  for (const { s: start, e: end } of merges) {
    const top = indexOf.get(start.r);
    const value = top === undefined ? undefined : rows[top]!.cells[start.c];
    if (top === undefined || value === undefined) continue;
    for (let i = top + 1; i < rows.length && rows[i]!.at <= end.r; i++) {
      if (++filled > MOST_FILLED) return;
      rows[i]!.cells[start.c] ??= value;
    }
  }
}

/** Repeats the name that heads several columns above each of them. */
export function fillColumns({ at, cells }: SheetRow, merges: Range[], right: number): void {
  for (const { s: start, e: end } of merges) {
    if (start.r !== at || cells[start.c] === undefined) continue;
    for (let column = start.c + 1; column <= Math.min(end.c, right); column++) cells[column] ??= cells[start.c]!;
  }
}
