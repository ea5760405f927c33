import TurndownService from 'turndown';
import type { DomElement, DomNode } from './dom.ts';

const service = new TurndownService({
  headingStyle: 'atx',
  codeBlockStyle: 'fenced',
  bulletListMarker: '-',
  hr: '---',
});

// Readers quote this text and search it, so it keeps its characters; it never goes back to HTML.
service.escape = (text) => text;

service.addRule('link', {
  filter: 'a',
  replacement(content, node) {
    const href = (node as DomElement).getAttribute('href') ?? '';
    const text = content.trim();
    if (!text || /^[#¶§]$/.test(text)) return '';
    if (!href || href.startsWith('#') || /^(javascript|data|vbscript):/i.test(href)) return content;
    return `[${oneLine(text)}](${href.replace(/[\t\n\r ()<>]/g, percentEncoded)})`;
  },
});

service.addRule('image', {
  filter: 'img',
  replacement(_content, node) {
    const alt = ((node as DomElement).getAttribute('alt') ?? '').replace(/\s+/g, ' ').trim();
    const src = (node as DomElement).getAttribute('src') ?? '';
    if (!alt) return '';
    return src && !src.startsWith('data:') ? `![${alt}](${src})` : alt;
  },
});

service.addRule('code block', {
  filter: 'pre',
  replacement(_content, node) {
    const code = (node.textContent ?? '').replace(/^\n/, '').trimEnd();
    const classes = `${(node as DomElement).className} ${(node as DomElement).querySelector('code')?.className ?? ''}`;
    const language = /\b(?:language|lang|highlight)-([\w+#-]+)/.exec(classes)?.[1] ?? '';
    const fence = code.includes('```') ? '````' : '```';
    return `\n\n${fence}${language}\n${code}\n${fence}\n\n`;
  },
});

service.addRule('table', { filter: 'table', replacement: (content) => `\n\n${content.trim()}\n\n` });

service.addRule('row', {
  filter: 'tr',
  replacement(content, node) {
    if (isLayout(node)) return content;
    const columns = [...(node as DomElement).children].reduce((sum, cell) => sum + span(cell), 0);
    const rule = isFirstRow(node) ? `|${' --- |'.repeat(columns)}\n` : '';
    return `|${content}\n${rule}`;
  },
});

service.addRule('cell', {
  filter: ['td', 'th'],
  replacement(content, node) {
    if (isLayout(node)) return `\n\n${content.trim()}\n\n`;
    const text = oneLine(content).replace(/\|/g, '\\|');
    return ` ${text} |${' |'.repeat(span(node as DomElement) - 1)}`;
  },
});

service.addRule('row group', { filter: ['thead', 'tbody', 'tfoot'], replacement: (content) => content });

interface TableShape {
  /** It only places things on the page: a table around tables, or one with a cell a row. */
  layout: boolean;
  firstRow: DomElement | null;
}

/** By table, for each of its cells asks. */
const shapes = new WeakMap<DomElement, TableShape>();

function shapeOf(node: DomNode): TableShape {
  const table = (node as DomElement).closest('table');
  if (!table) return { layout: true, firstRow: null };
  let shape = shapes.get(table);
  if (!shape) {
    const firstRow = table.querySelector('tr');
    const single = !firstRow || (firstRow.children.length < 2 && table.querySelectorAll('td, th').length < 3);
    shape = { layout: single || table.querySelector('table') !== null, firstRow };
    shapes.set(table, shape);
  }
  return shape;
}

const isLayout = (node: DomNode): boolean => shapeOf(node).layout;
const isFirstRow = (row: DomNode): boolean => shapeOf(row).firstRow === row;

function span(cell: DomElement): number {
  const columns = Number(cell.getAttribute('colspan'));
  return columns >= 1 && columns <= 50 ? Math.floor(columns) : 1;
}

/** An element's content as Markdown: links and tables kept, code fenced, nothing escaped. */
export function toMarkdown(element: DomElement): string {
  return service
    .turndown(element as unknown as TurndownService.Node)
    .replace(/^( {0,40}(?:-|\d{1,9}\.)) {2,3}(?=\S)/gm, '$1 ')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

const oneLine = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');

/** `encodeURIComponent` leaves parentheses as they are, which end a Markdown link. */
const percentEncoded = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
