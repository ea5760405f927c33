import { type CellObject, type DenseWorkSheet, read as parse, type Range, utils, type WorkBook } from '@e965/xlsx';
import { ToolError } from '../../tools/tool.ts';
import { cellText, markdownTable } from '../markdown-table.ts';
import { MAX_TEXT, type ReadableDocument } from '../readable-document.ts';
import { cellValue } from './cell-value.ts';
import { fillColumns, fillRows } from './merged-cells.ts';

/** Notes of cells that are shown below a sheet. */
const MOST_NOTES = 500;

/** A row that has text. Rows and columns count from 0; columns without text are holes. */
export interface SheetRow {
  at: number;
  cells: string[];
}

/**
 * Reads XLSX, XLSM, XLSB, XLS and ODS: each sheet's cells as Markdown tables, with the values of formulas.
 *
 * @param hiddenSheets names of sheets that are hidden in a format of which the library does not tell
 */
export function readSpreadsheet(
  bytes: Uint8Array,
  name: string,
  hiddenSheets: ReadonlySet<string> = new Set(),
): ReadableDocument {
  const book = open(bytes, name);
  const parts: string[] = [];
  let length = 0;
  for (const [index, title] of book.SheetNames.entries()) {
    if (length >= MAX_TEXT) {
      parts.push(`[The sheets from number ${index + 1} on are left out.]`);
      break;
    }
    const isHidden = Boolean(book.Workbook?.Sheets?.[index]?.Hidden) || hiddenSheets.has(title);
    const text = sheetText(book.Sheets[title] as DenseWorkSheet | undefined, MAX_TEXT - length, isFrom1904(book));
    parts.push(`## Sheet ${index + 1}: ${title}${isHidden ? ' (hidden)' : ''}`, text);
    length += text.length;
  }
  const title = String(book.Props?.Title ?? '').trim();
  return { kind: 'spreadsheet', ...(title && { title }), text: parts.join('\n\n') };
}

const isFrom1904 = (book: WorkBook): boolean => book.Workbook?.WBProps?.date1904 === true;

function open(bytes: Uint8Array, name: string): WorkBook {
  try {
    return parse(bytes, {
      type: 'array',
      dense: true,
      cellNF: true,
      cellText: false,
      cellHTML: false,
      // Stubs are also cells with a formula and no value, as libraries write them.
      sheetStubs: true,
    });
  } catch (error) {
    const isLocked = /password|encrypt/i.test(error instanceof Error ? error.message : '');
    throw new ToolError(
      isLocked ? `${name} is locked with a password.` : `${name} is a damaged spreadsheet and cannot be read.`,
    );
  }
}

function sheetText(sheet: DenseWorkSheet | undefined, room: number, from1904: boolean): string {
  const { rows, notes } = rowsOf(sheet?.['!data'] ?? [], from1904);
  if (rows.length === 0) return '(no cells)';
  const merges = sheet?.['!merges'] ?? [];
  fillRows(rows, merges);
  const blocks: string[] = [];
  let length = 0;
  for (const block of consecutive(rows)) {
    const text = blockText(block, merges, room - length);
    blocks.push(text);
    length += text.length;
    if (length < room) continue;
    blocks.push(`[The rest of the sheet, which goes on to row ${rows.at(-1)!.at + 1}, is left out.]`);
    break;
  }
  if (notes.length > 0) blocks.push(`Notes on cells:\n${notes.map((note) => `- ${note}`).join('\n')}`);
  return blocks.join('\n\n');
}

/** Sheets claim sizes that they do not have, so only what is there counts. */
function rowsOf(data: (CellObject | undefined)[][], from1904: boolean): { rows: SheetRow[]; notes: string[] } {
  const rows: SheetRow[] = [];
  const notes: string[] = [];
  data.forEach((line, at) => {
    const cells: string[] = [];
    line.forEach((cell, column) => {
      if (!cell) return;
      const text = cellText(cellValue(cell, from1904));
      if (text !== '') cells[column] = text;
      for (const note of cell.c ?? []) {
        if (notes.length < MOST_NOTES)
          notes.push(`${utils.encode_cell({ r: at, c: column })}: ${cellText(String(note.t ?? ''))}`);
      }
    });
    if (cells.length > 0) rows.push({ at, cells });
  });
  return { rows, notes };
}

/** Runs of rows without an empty one between them: most are tables of their own. */
function* consecutive(rows: SheetRow[]): Generator<SheetRow[]> {
  let from = 0;
  for (let i = 1; i <= rows.length; i++) {
    if (i < rows.length && rows[i]!.at === rows[i - 1]!.at + 1) continue;
    yield rows.slice(from, i);
    from = i;
  }
}

/** Lines of one cell that stand above a table are its title, and not the names of its columns. */
function blockText(rows: SheetRow[], merges: Range[], room: number): string {
  const first = rows.findIndex((row) => count(row) > 1);
  const alone = first < 0 ? rows : rows.slice(0, first);
  const place = rows[0]!.at === 0 ? [] : [`From cell ${utils.encode_cell({ r: rows[0]!.at, c: columnsOf(rows)[0] })}:`];
  const lines = [...place, ...alone.map(({ cells }) => Object.values(cells)[0]!)];
  if (first < 0) return cut(lines.join('\n'), room);
  const table = rows.slice(first);
  const [left, right] = columnsOf(table);
  fillColumns(table[0]!, merges, right);
  const text: string[][] = [];
  let length = 0;
  for (const { cells } of table) {
    const row = Array.from({ length: right - left + 1 }, (_, i) => cells[left + i] ?? '');
    text.push(row);
    length += row.reduce((sum, cell) => sum + cell.length + 3, 0);
    if (length >= room) break;
  }
  return [...lines, ...(lines.length > 0 ? [''] : []), markdownTable(text)].join('\n');
}

const count = ({ cells }: SheetRow): number => Object.keys(cells).length;

function columnsOf(rows: SheetRow[]): [left: number, right: number] {
  let left = Number.POSITIVE_INFINITY;
  let right = 0;
  for (const { cells } of rows) {
    left = Math.min(
      left,
      cells.findIndex((cell) => cell !== undefined),
    );
    right = Math.max(right, cells.length - 1);
  }
  return [left, right];
}

const cut = (text: string, room: number): string => (text.length <= room ? text : text.slice(0, room));
