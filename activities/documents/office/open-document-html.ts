import type { DomElement, DomNode } from '../html/dom.ts';
import { allNamed, childNamed, firstNamed } from './parts.ts';

/** A table says of empty cells and rows that they are repeated to the sheet's edge. */
const MOST_REPEATED = 100;

/** What is not part of the text as it stands. */
const LEFT_OUT = new Set([
  'text:tracked-changes',
  'office:annotation',
  'text:sequence-decls',
  'text:bookmark',
  'office:forms',
  'draw:image',
  'text:page-number',
]);

/** The text of an OpenDocument file as HTML. */
export class OpenDocumentHtml {
  readonly #numbered: ReadonlySet<string>;
  readonly #notes: string[] = [];

  /** @param content the root of `content.xml`, for its styles of lists */
  constructor(content: DomElement) {
    const styles = [...allNamed(content, 'text:list-style')];
    const ordered = styles.filter((style) => style.firstElementChild?.localName === 'text:list-level-style-number');
    this.#numbered = new Set(ordered.map((style) => style.getAttribute('style:name') ?? ''));
  }

  withNotes(body: DomElement): string {
    const text = this.blocks(body);
    return text + this.#notes.join('');
  }

  blocks(parent: DomElement, listStyle?: string): string {
    return [...parent.children].map((child) => this.#block(child, listStyle)).join('');
  }

  #block(element: DomElement, listStyle?: string): string {
    switch (element.localName) {
      case 'text:h': {
        const level = Number(element.getAttribute('text:outline-level') ?? 1);
        const tag = `h${level >= 1 && level <= 6 ? level : 6}`;
        return `<${tag}>${this.#inline(element)}</${tag}>`;
      }
      case 'text:p':
        return `<p>${this.#inline(element)}</p>`;
      case 'text:list': {
        // The lists within have the style of the outermost.
        const style = element.getAttribute('text:style-name') ?? listStyle;
        const tag = style !== undefined && this.#numbered.has(style) ? 'ol' : 'ul';
        const items: string[] = [];
        let before = '';
        for (const item of element.children) {
          const text = this.blocks(item, style);
          // An item that is only a list belongs to the one before.
          const isList = item.children.length === 1 && item.firstElementChild?.localName === 'text:list';
          if (!isList) items.push(text);
          else if (items.length > 0) items[items.length - 1] += text;
          else before += text;
        }
        if (items.length === 0) return before;
        return `${before}<${tag}>${items.map((item) => `<li>${item}</li>`).join('')}</${tag}>`;
      }
      case 'table:table':
        return `<table>${[...allNamed(element, 'table:table-row')].map((row) => this.#row(row)).join('')}</table>`;
      default:
        return LEFT_OUT.has(element.localName) ? '' : this.#frame(element) || this.blocks(element);
    }
  }

  /** An image's description. */
  #frame(element: DomElement): string {
    if (element.localName !== 'draw:frame' || !childNamed(element, 'draw:image')) return '';
    const about = (childNamed(element, 'svg:desc') ?? childNamed(element, 'svg:title'))?.textContent?.trim();
    return about ? `<p>[Image: ${escaped(about)}]</p>` : '';
  }

  #row(row: DomElement): string {
    const cells = [...row.children].filter(({ localName }) => localName === 'table:table-cell');
    const text = cells
      .map((cell) => {
        const spans = ['col', 'row'].map((kind) => {
          const count = Number(cell.getAttribute(`table:number-${kind === 'col' ? 'columns' : 'rows'}-spanned`) ?? 1);
          return count > 1 ? ` ${kind}span="${Math.floor(count)}"` : '';
        });
        return `<td${spans.join('')}>${this.blocks(cell)}</td>`.repeat(repeated(cell, 'table:number-columns-repeated'));
      })
      .join('');
    return `<tr>${text}</tr>`.repeat(repeated(row, 'table:number-rows-repeated'));
  }

  #inline(parent: DomElement): string {
    return [...parent.childNodes].map((node) => this.#run(node)).join('');
  }

  #run(node: DomNode): string {
    if (node.nodeType === 3) return escaped((node.textContent ?? '').replace(/\s+/g, ' '));
    if (node.nodeType !== 1) return '';
    const element = node as DomElement;
    switch (element.localName) {
      case 'text:s':
        return ' '.repeat(Math.min(repeated(element, 'text:c'), 8));
      case 'text:tab':
        return ' ';
      case 'text:line-break':
        return '<br>';
      case 'text:a': {
        const address = element.getAttribute('xlink:href') ?? '';
        const text = this.#inline(element);
        return /^(?:https?|mailto):/i.test(address) ? `<a href="${escaped(address)}">${text}</a>` : text;
      }
      case 'text:note': {
        const mark = `[${(firstNamed(element, 'text:note-citation')?.textContent ?? '').trim() || this.#notes.length + 1}]`;
        const body = firstNamed(element, 'text:note-body');
        const text = body ? [...allNamed(body, 'text:p')].map((line) => this.#inline(line)).join(' ') : '';
        this.#notes.push(`<p>${escaped(mark)} ${text}</p>`);
        return escaped(mark);
      }
      default:
        if (LEFT_OUT.has(element.localName)) return '';
        return this.#frame(element) || this.#inline(element);
    }
  }
}

function repeated(element: DomElement, attribute: string): number {
  const count = Number(element.getAttribute(attribute) ?? 1);
  return count >= 1 ? Math.min(Math.floor(count), MOST_REPEATED) : 1;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
