/** A cell's text on one line, without the mark that ends a cell. */
export const cellText = (text: string): string =>
  text
    .replace(/\s*\n\s*/g, ' ')
    .trim()
    .replaceAll('|', '\\|');

/** Rows of `cellText` as a Markdown table; the first row names the columns. Shorter rows are filled up. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const columns = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const line = (row: readonly string[]): string =>
    `| ${Array.from({ length: columns }, (_, i) => row[i] ?? '').join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), `|${' --- |'.repeat(columns)}`, ...body.map(line)].join('\n');
}
