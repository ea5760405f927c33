import { splitParts } from '../../documents/parts.ts';
import { type DocumentKind, KIND_NAMES, type ReadableDocument } from '../../documents/readable-document.ts';
import type { WantedPart } from '../file-request.ts';

/** Kinds of documents with numbered pieces: what these are called, and the mark that each begins with. */
const PIECES: Partial<Record<DocumentKind, { unit: string; mark: string }>> = {
  pdf: { unit: 'page', mark: '--- page ' },
  presentation: { unit: 'slide', mark: '## Slide ' },
  spreadsheet: { unit: 'sheet', mark: '## Sheet ' },
};

/** Sheets that are named with a workbook's size. */
const NAMED_SHEETS = 20;

/**
 * A file's content as the model sees it, with what it is and how to get more. `undefined` when the file has no such
 * part. Elsewhere than in PDF documents, presentations and spreadsheets a page is a part.
 */
export function fileResult(path: string, document: ReadableDocument, wanted: WantedPart): string | undefined {
  const parts = partsOf(document);
  const part = partNumber(parts, document, wanted);
  const text = parts[part - 1];
  if (text === undefined) return undefined;
  const title = document.title ? `"${document.title}", ` : '';
  const place = parts.length > 1 ? `, part ${part} of ${parts.length}` : '';
  const body = text.replace(/^\n+/, '').trimEnd() || emptyText(document.kind);
  const head = `Content of ${path} (${title}${KIND_NAMES[document.kind]}, ${sizeInWords(document)})${place}:`;
  return [head, continued(parts, part, document.kind), body, hint(path, document, part, parts.length)]
    .filter(Boolean)
    .join('\n\n');
}

/** Of a file in another format there may be something else in it, such as images. */
const emptyText = (kind: DocumentKind): string =>
  /^(?:text|markdown|csv|tsv|json)$/.test(kind) ? '(The file is empty.)' : '(The file has no text.)';

/** For a sentence: `3 pages, 41,200 characters in 3 parts`. */
export function sizeInWords(document: ReadableDocument): string {
  const parts = partsOf(document).length;
  const characters = some(document.text.length, 'character');
  return `${piecesInWords(document, parts)}${characters}${parts > 1 ? ` in ${parts} parts` : ''}`;
}

function piecesInWords({ kind, text }: ReadableDocument, parts: number): string {
  if (kind === 'pdf') return `${some(text.split('\f').length, 'page')}, `;
  const pieces = PIECES[kind];
  if (!pieces) return '';
  const names = [...text.matchAll(new RegExp(`^${pieces.mark}\\d+(?:: (.*))?$`, 'gm'))].map(([, name]) => name);
  const told = kind === 'spreadsheet' && parts > 1 ? ` (${names.slice(0, NAMED_SHEETS).join(', ')})` : '';
  return `${some(names.length, pieces.unit)}${told}, `;
}

const some = (number: number, unit: string): string =>
  `${number.toLocaleString('en-US')} ${unit}${number === 1 ? '' : 's'}`;

/** Form feeds mean nothing to a reader; numbers of pages do. */
function partsOf({ kind, text }: ReadableDocument): string[] {
  const before = PIECES[kind]?.mark;
  if (before === undefined) return splitParts(text);
  if (kind !== 'pdf') return splitParts(text, { before });
  let page = 1;
  const mark = (number: number) => `${before}${number} ---\n`;
  return splitParts(`${mark(1)}\n${text.replace(/\n*\f\n*/g, () => `\n\n${mark(++page)}\n`)}`, { before });
}

/** 0 when there is none. */
function partNumber(parts: string[], { kind }: ReadableDocument, { unit, number }: WantedPart): number {
  const pieces = PIECES[kind];
  if (unit === 'part' || !pieces) return typeof number === 'number' ? number : 0;
  return parts.findIndex((part) => beginsIn(part, pieces.mark, number)) + 1;
}

function beginsIn(part: string, mark: string, wanted: number | string): boolean {
  return part
    .split('\n')
    .filter((line) => line.startsWith(mark))
    .some((line) => {
      const [, number, name = ''] = /^(\d+)(?: ---|: (.*?)| \(hidden\))?$/.exec(line.slice(mark.length)) ?? [];
      return typeof wanted === 'number' ? Number(number) === wanted : name.replace(/ \(hidden\)$/, '') === wanted;
    });
}

/** The names of a table's columns, where a part begins in its midst. */
function continued(parts: string[], part: number, kind: DocumentKind): string {
  if (part < 2) return '';
  if (kind === 'csv' || kind === 'tsv') return columnsLine(parts[0]!.slice(0, parts[0]!.indexOf('\n')));
  if (kind !== 'spreadsheet' || !/^\| (?!---)/.test(parts[part - 1]!)) return '';
  for (let before = part - 2; before >= 0; before--) {
    const lines = parts[before]!.split('\n');
    const rule = lines.findLastIndex((line) => /^\|(?: --- \|)+$/.test(line));
    if (rule > 0) return columnsLine(lines[rule - 1]!);
  }
  return '';
}

/** Longer ones are data, in characters. */
const LONG_COLUMNS = 5000;
const columnsLine = (line: string): string => (line && line.length <= LONG_COLUMNS ? `[Columns: ${line}]` : '');

function hint(path: string, { kind }: ReadableDocument, part: number, parts: number): string {
  const next = part < parts ? [`To read on: ${path}#part=${part + 1}`] : [];
  const sheet = kind === 'spreadsheet' && parts > 1 ? ['a sheet by its number or name: #sheet=2'] : [];
  const member = kind === 'archive' ? [`To read one of its files: ${path}#member=NAME`] : [];
  const image = kind === 'image' ? ['What it shows: ask_question_about_image, if there is that tool'] : [];
  const hints = [...next, ...sheet, ...member, ...image];
  return hints.length > 0 ? `[${hints.join('; ')}]` : '';
}
