import type { DomDocument } from '../html/dom.ts';
import { toMarkdown } from '../html/markdown.ts';
import { parsePage } from '../html/parse-page.ts';

/** A document's HTML as a page. */
export const pageOf = (html: string): DomDocument => parsePage(`<html><head></head><body>${html}</body></html>`);

/** A document's page as Markdown. Few documents mark the row that names a table's columns: it is the first. */
export function documentMarkdown(page: DomDocument): string {
  for (const table of page.querySelectorAll('table')) {
    const row = table.querySelector('th') ? undefined : table.querySelector('tr');
    for (const cell of row ? [...row.children] : []) {
      const head = page.createElement('th');
      for (const span of ['colspan', 'rowspan']) {
        const count = cell.getAttribute(span);
        if (count) head.setAttribute(span, count);
      }
      head.append(...[...cell.childNodes]);
      cell.replaceWith(head);
    }
  }
  return toMarkdown(page.body);
}
