import TurndownService from 'turndown';
import type { DomElement, DomNode } from './dom.ts';
import { simplifyTables } from './tables.ts';

const service = new TurndownService({
  headingStyle: 'atx',
  codeBlockStyle: 'fenced',
  bulletListMarker: '-',
  hr: '---',
});

// Readers quote this text and search it, so it keeps its characters; it never goes back to HTML.
service.escape = (text) => text;

service.addRule('heading', {
  filter: ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'],
  replacement(content, node) {
    const heading = node as DomElement;
    // Readability makes second-level headings of those of the first level.
    const level = Number(heading.getAttribute('data-level') ?? heading.localName.slice(1));
    const text = oneLine(content);
    return text ? `\n\n${'#'.repeat(level)} ${text}\n\n` : '';
  },
});

service.addRule('link', {
  filter: 'a',
  replacement(content, node) {
    const href = (node as DomElement).getAttribute('href') ?? '';
    const text = content.trim();
    if (!text || /^[#¶§]$/.test(text)) return '';
    if (!href || href.startsWith('#') || /^(javascript|data|vbscript):/i.test(href)) return content;
    const before = /^\s/.test(content) ? ' ' : '';
    const after = /\s$/.test(content) ? ' ' : '';
    return `${before}[${oneLine(text)}](${href.replace(/[\t\n\r ()<>]/g, percentEncoded)})${after}`;
  },
});

for (const [name, tags, mark] of [
  ['emphasis', ['em', 'i'], '_'],
  ['strong', ['strong', 'b'], '**'],
] as const) {
  service.addRule(name, {
    filter: [...tags],
    // Around several blocks the marks would say nothing.
    replacement: (content) =>
      content.trim() === '' || content.includes('\n\n') ? content : `${mark}${content}${mark}`,
  });
}

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
    const fence = code.includes('```') ? '````' : '```';
    return `\n\n${fence}${languageOf(node as DomElement)}\n${code}\n${fence}\n\n`;
  },
});

service.addRule('list item', {
  filter: 'li',
  replacement(content, node) {
    const marker = markerOf(node as DomElement);
    const text = content
      .trim()
      .replace(/\n{2,}(?=\s*(?:-|\w{1,4}\.) )/g, '\n')
      .replace(/\n(?=.)/g, '\n    ');
    return text ? `${marker} ${text}\n` : '';
  },
});

service.addRule('term', {
  filter: 'dt',
  replacement: (content) => (content.trim() ? `\n\n${oneLine(content)}\n` : ''),
});

service.addRule('definition', {
  filter: 'dd',
  replacement: (content) => (content.trim() ? `: ${content.trim().replace(/\n(?=.)/g, '\n    ')}\n` : ''),
});

service.addRule('question', {
  filter: 'summary',
  replacement: (content) => (content.trim() ? `\n\n**${oneLine(content).replaceAll('**', '')}**\n\n` : ''),
});

service.addRule('superscript', {
  filter: 'sup',
  replacement(content) {
    const text = content.trim();
    // Footnotes and ordinals read well as they are; powers do not.
    return /^[-−+]?(?:\d+|[a-z])$/i.test(text) ? `^${text}` : content;
  },
});

service.addRule('reading aid', { filter: 'rp', replacement: (content) => content });

service.addRule('table', { filter: 'table', replacement: (content) => `\n\n${content.trim()}\n\n` });

service.addRule('row', {
  filter: 'tr',
  replacement(content, node) {
    if (isLayout(node)) return content;
    const columns = (node as DomElement).children.length;
    const isFirst = (node as DomElement).previousElementSibling === null;
    return `|${content}\n${isFirst ? `|${' --- |'.repeat(columns)}\n` : ''}`;
  },
});

service.addRule('cell', {
  filter: ['td', 'th'],
  replacement(content, node) {
    if (isLayout(node)) return `\n\n${content.trim()}\n\n`;
    return ` ${oneLine(content).replace(/\|/g, '\\|')} |`;
  },
});

service.addRule('row group', { filter: ['thead', 'tbody', 'tfoot'], replacement: (content) => content });

const isLayout = (node: DomNode): boolean => (node as DomElement).closest('table')?.hasAttribute('data-layout') ?? true;

const LANGUAGE = /\b(?:language|lang|highlight-source|highlight|brush:)[- ]([\w+#]+)(?![\w-])/g;

/** From the class of the block or of what is around it, as highlighters leave it, or from an attribute. */
function languageOf(block: DomElement): string {
  const around = [block.querySelector('code'), block, block.parentElement, block.parentElement?.parentElement];
  const named = ['data-lang', 'data-language', 'lang'].map((name) => block.getAttribute(name)).find((value) => value);
  if (named && /^[\w+#-]{1,20}$/.test(named)) return named;
  for (const element of around) {
    for (const [, name = ''] of (element?.className ?? '').matchAll(LANGUAGE)) {
      if (!/^(?:default|none|text|notranslate|highlight|source)$/.test(name)) return name;
    }
  }
  return '';
}

function markerOf(item: DomElement): string {
  const list = item.parentElement;
  if (list?.localName !== 'ol') return '-';
  const items = [...list.children].filter(({ localName }) => localName === 'li');
  const value = Number(item.getAttribute('value') ?? NaN);
  const start = Number(list.getAttribute('start') ?? 1);
  const number = Number.isInteger(value) ? value : (Number.isInteger(start) ? start : 1) + items.indexOf(item);
  return `${numeral(number, list.getAttribute('type') ?? '1')}.`;
}

function numeral(number: number, type: string): string {
  const isSmall = number >= 1 && number <= 26;
  if (/^a$/i.test(type) && isSmall) return String.fromCharCode((type === 'a' ? 96 : 64) + number);
  if (/^i$/i.test(type) && isSmall) return type === 'i' ? roman(number) : roman(number).toUpperCase();
  return String(number);
}

const roman = (number: number): string =>
  'x'.repeat(Math.floor(number / 10)) +
  (['', 'i', 'ii', 'iii', 'iv', 'v', 'vi', 'vii', 'viii', 'ix'][number % 10] ?? '');

/** An element's content as Markdown: links and tables kept, code fenced, nothing escaped. Changes the element's tables. */
export function toMarkdown(element: DomElement): string {
  simplifyTables(element);
  return service
    .turndown(element as unknown as TurndownService.Node)
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
