import { type DomElement, textOf } from './dom.ts';

/** Larger tables, and spans, stay as they are. */
const MOST_CELLS = 50_000;
const MOST_SPAN = 200;
const MOST_HEADERS = 4;

/**
 * Makes the tables below an element ones that Markdown can have: as many cells in each row, the value of a cell that
 * spans rows in each of them, one header row, the caption before the table. Tables that only place things stay.
 */
export function simplifyTables(root: DomElement): void {
  for (const table of root.querySelectorAll('table')) {
    const caption = [...table.children].find(({ localName }) => localName === 'caption');
    if (caption) {
      const line = root.ownerDocument.createElement('p');
      line.append(...caption.childNodes);
      caption.remove();
      if (textOf(line)) table.before(line);
    }
    const rows = rowsOf(table);
    if (isLayout(table, rows)) table.setAttribute('data-layout', 'true');
    else rewrite(table, rows);
  }
}

/** A table around tables, or one with a cell a row, only places things on the page. */
function isLayout(table: DomElement, rows: DomElement[]): boolean {
  return table.querySelector('table') !== null || rows.every((row) => row.children.length < 2);
}

const rowsOf = (table: DomElement): DomElement[] =>
  [...table.children].flatMap((part) =>
    part.localName === 'tr' ? [part] : [...part.children].filter(({ localName }) => localName === 'tr'),
  );

function rewrite(table: DomElement, rows: DomElement[]): void {
  const headers = countHeaders(rows);
  const grid = fill(rows, headers);
  const columns = Math.max(0, ...grid.map((row) => row.length));
  if (columns * grid.length > MOST_CELLS) return;
  const { ownerDocument: page } = table;
  const line = (cells: (DomElement | undefined)[], name: 'th' | 'td') => {
    const row = page.createElement('tr');
    for (let column = 0; column < columns; column++) {
      const cell = page.createElement(name);
      const from = cells[column];
      if (from) cell.append(...[...from.cloneNode(true).childNodes]);
      row.append(cell);
    }
    return row;
  };
  const head = headers === 1 ? grid[0]! : joined(grid.slice(0, headers), columns, page.createElement.bind(page));
  const body = grid.slice(headers);
  for (const child of [...table.children]) child.remove();
  table.append(line(head, 'th'), ...body.map((row) => line(row, 'td')));
}

/** Rows of cells with spans filled: a value below itself, and beside itself where it heads several columns. */
function fill(rows: DomElement[], headers: number): (DomElement | undefined)[][] {
  const grid: (DomElement | undefined)[][] = rows.map(() => []);
  const taken: boolean[][] = rows.map(() => []);
  rows.forEach((row, y) => {
    let x = 0;
    for (const cell of row.children) {
      if (cell.localName !== 'td' && cell.localName !== 'th') continue;
      while (taken[y]![x]) x++;
      const width = span(cell, 'colspan');
      const height = Math.min(span(cell, 'rowspan'), rows.length - y);
      for (let down = 0; down < height; down++) {
        for (let right = 0; right < width; right++) {
          taken[y + down]![x + right] = true;
          grid[y + down]![x + right] = right === 0 || y < headers ? cell : undefined;
        }
      }
      x += width;
    }
  });
  return grid;
}

function span(cell: DomElement, name: string): number {
  const count = Number(cell.getAttribute(name) ?? 1);
  return count >= 1 && count <= MOST_SPAN ? Math.floor(count) : 1;
}

/** How many rows at the top name columns: in the table's head, or all of header cells, or all in bold. */
function countHeaders(rows: DomElement[]): number {
  const isHeader = (row: DomElement, index: number): boolean => {
    if (row.parentElement?.localName === 'thead') return true;
    const cells = [...row.children];
    if (cells.length < 2 || index === rows.length - 1) return false;
    return cells.every((cell) => cell.localName === 'th' || isBold(cell) || textOf(cell) === '');
  };
  const count = rows.findIndex((row, index) => index >= MOST_HEADERS || !isHeader(row, index));
  return count < 0 ? rows.length : count;
}

function isBold(cell: DomElement): boolean {
  const bold = cell.querySelector('b, strong');
  return bold !== null && textOf(bold) === textOf(cell);
}

/** Several header rows as one: `1950 men`. */
function joined(
  rows: (DomElement | undefined)[][],
  columns: number,
  create: (name: string) => DomElement,
): (DomElement | undefined)[] {
  return Array.from({ length: columns }, (_, column) => {
    const words = [...new Set(rows.map((row) => (row[column] ? textOf(row[column]) : '')).filter(Boolean))];
    const cell = create('th');
    cell.append(words.join(' '));
    return cell;
  });
}
