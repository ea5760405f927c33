import type { DocumentHint, DocumentKind } from './readable-document.ts';

const BY_ENDING: Record<string, DocumentKind> = {
  md: 'markdown',
  markdown: 'markdown',
  mdx: 'markdown',
  html: 'html',
  htm: 'html',
  xhtml: 'html',
  pdf: 'pdf',
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  json: 'json',
  jsonl: 'json',
  ndjson: 'json',
  geojson: 'json',
  ipynb: 'json',
};

const BY_MEDIA_TYPE: Record<string, DocumentKind> = {
  'text/markdown': 'markdown',
  'text/html': 'html',
  'application/xhtml+xml': 'html',
  'application/pdf': 'pdf',
  'text/csv': 'csv',
  'text/tab-separated-values': 'tsv',
  'application/json': 'json',
  'application/x-ndjson': 'json',
};

/** First bytes (Latin-1) of containers that readers of their own take apart. */
const CONTAINER_STARTS: [RegExp, Container][] = [
  [/^PK(?:\x03\x04|\x05\x06)/, 'zip'],
  [/^\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1/, 'old-office'],
  [/^\{\\rtf/, 'rtf'],
  [/^\x1f\x8b\x08/, 'gzip'],
  [
    /^\x89PNG|^\xff\xd8\xff|^GIF8|^BM.{4}\0\0\0\0|^RIFF.{4}WEBP|^II\*\0|^MM\0\*|^.{4}ftyp(?:avif|avis|hei[cfsx]|mif1)|^\0\0\x01\0[^\0]\0/s,
    'image',
  ],
];

export type Container = 'zip' | 'old-office' | 'rtf' | 'gzip' | 'image';

export const containerOf = (start: string): Container | undefined =>
  CONTAINER_STARTS.find(([signature]) => signature.test(start))?.[1];

/** First bytes of formats that are not read, and what to call them. */
const BINARY_STARTS: [RegExp, string][] = [
  [/^ID3|^\xff[\xfb\xf3\xf2]|^OggS|^fLaC|^RIFF.{4}WAVE/s, 'an audio file'],
  [/^.{4}ftyp|^\x1aE\xdf\xa3|^RIFF.{4}AVI /s, 'a video'],
  [/^BZh|^7z\xbc\xaf|^\xfd7zXZ|^Rar!|^\x28\xb5\x2f\xfd/, 'a compressed archive'],
  [/^\x7fELF|^MZ\x90|^\xca\xfe\xba\xbe|^\0asm/, 'a program'],
  [/^SQLite format 3/, 'an SQLite database'],
];

/** The start of a file as Latin-1, one character a byte, for looking at signatures. */
export const startOf = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, 1024)).toString('latin1');

/** What a file in a format that is not read is, from its first bytes; `undefined` when it shows no known signature. */
export function binaryFormat(start: string): string | undefined {
  return BINARY_STARTS.find(([signature]) => signature.test(start))?.[1];
}

/** The kind of a document: what its first bytes say goes before the media type, and that before the file's ending. */
export function detectKind(start: string, hint: DocumentHint): DocumentKind {
  if (start.includes('%PDF-')) return 'pdf';
  const type = hint.contentType?.split(';', 1)[0]?.trim().toLowerCase();
  const byType = type && BY_MEDIA_TYPE[type];
  if (byType && byType !== 'pdf') return byType;
  const ending = /\.([a-z0-9]+)$/i.exec(hint.name ?? '')?.[1]?.toLowerCase();
  const byEnding = ending && BY_ENDING[ending];
  if (byEnding && byEnding !== 'pdf') return byEnding;
  return /^[\s\ufeff\xef\xbb\xbf]*<(!doctype\s+html|html[\s>])/i.test(start) ? 'html' : 'text';
}
