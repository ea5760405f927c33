import { splitParts } from '../../documents/parts.ts';
import { KIND_NAMES, type ReadableDocument } from '../../documents/readable-document.ts';

/** What of a file is wanted: a part, or the part in which a page begins. Both count from 1. */
export interface WantedPart {
  unit: 'part' | 'page';
  number: number;
}

/**
 * A file's content as the model sees it, with what it is and how to get more. `undefined` when the file has no such
 * part. Only PDF documents have pages; elsewhere a page is a part.
 */
export function fileResult(path: string, document: ReadableDocument, wanted: WantedPart): string | undefined {
  const parts = partsOf(document);
  const part = wanted.unit === 'page' && document.kind === 'pdf' ? partOfPage(parts, wanted.number) : wanted.number;
  const text = parts[part - 1];
  if (text === undefined) return undefined;
  const title = document.title ? `"${document.title}", ` : '';
  const place = parts.length > 1 ? `, part ${part} of ${parts.length}` : '';
  const next = part < parts.length ? `\n\n[To read on: ${path}#part=${part + 1}]` : '';
  const body = text.trim() ? text.replace(/^\n+/, '').trimEnd() : '(The file is empty.)';
  return `Content of ${path} (${title}${KIND_NAMES[document.kind]}, ${sizeInWords(document)})${place}:\n\n${body}${next}`;
}

/** For a sentence: `3 pages, 41,200 characters in 3 parts`. */
export function sizeInWords(document: ReadableDocument): string {
  const parts = partsOf(document).length;
  const pages = document.kind === 'pdf' ? `${some(document.text.split('\f').length, 'page')}, ` : '';
  return `${pages}${some(document.text.length, 'character')}${parts > 1 ? ` in ${parts} parts` : ''}`;
}

const some = (number: number, unit: string): string =>
  `${number.toLocaleString('en-US')} ${unit}${number === 1 ? '' : 's'}`;

const PAGE_MARK = '--- page ';
const pageMark = (page: number): string => `${PAGE_MARK}${page} ---\n`;

/** Form feeds mean nothing to a reader; numbers of pages do. */
function partsOf({ kind, text }: ReadableDocument): string[] {
  if (kind !== 'pdf') return splitParts(text);
  let page = 1;
  const marked = `${pageMark(1)}\n${text.replace(/\n*\f\n*/g, () => `\n\n${pageMark(++page)}\n`)}`;
  return splitParts(marked, { before: PAGE_MARK });
}

/** 0 when there is no such page. */
function partOfPage(parts: string[], page: number): number {
  return parts.findIndex((part) => part.includes(pageMark(page))) + 1;
}
