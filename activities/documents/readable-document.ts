/** What a document was, see `isMarkdown` for what its text is. */
export const DOCUMENT_KINDS = [
  'markdown',
  'text',
  'csv',
  'tsv',
  'json',
  'pdf',
  'html',
  'document',
  'presentation',
  'spreadsheet',
  'book',
  'archive',
  'image',
  'recording',
] as const;

export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

/** A file or page as text that a model can read. */
export interface ReadableDocument {
  title?: string;
  /**
   * Line ends are `\n`. Pages of a PDF are separated by a form feed (`\f`) on a line of its own; slides and sheets
   * begin with a heading that has their number: `## Slide 2: …`.
   */
  text: string;
  kind: DocumentKind;
  /** Scripts fill the page: the text is not its content, but what little there is without them. */
  needsScripts?: true;
}

/** What is known of the bytes besides the bytes. */
export interface DocumentHint {
  /** File name, for its ending and for error sentences. Default: the path's last part. */
  name?: string;
  /** Media type as a web server gives it, e.g. `text/html; charset=gbk`; goes before the file's ending. */
  contentType?: string;
  /** Address of the page: relative links become absolute. Without it they stay as written. */
  url?: string;
  /** Largest size read, in bytes. Default 50 MiB. */
  maxBytes?: number;
  /** The member of an archive that is wanted, the member of that one, and so on. */
  members?: readonly string[];
  /** How many archives it lies in. */
  depth?: number;
  /** It is shown in the list of an archive's members: an archive among them is not read in its turn. */
  isListed?: boolean;
  signal?: AbortSignal;
}

/** Longer texts are not read to their end, in characters. */
export const MAX_TEXT = 20_000_000;

export const DEFAULT_MAX_BYTES = 50 * 1024 * 1024;

/** Names of the kinds in sentences for people and models. */
export const KIND_NAMES: Record<DocumentKind, string> = {
  markdown: 'Markdown document',
  text: 'plain text file',
  html: 'HTML page',
  pdf: 'PDF document',
  csv: 'CSV table',
  tsv: 'TSV table',
  json: 'JSON file',
  document: 'text document',
  presentation: 'presentation',
  spreadsheet: 'spreadsheet',
  book: 'EPUB book',
  archive: 'archive',
  image: 'image',
  recording: 'recording',
};

const NO_MARKDOWN: ReadonlySet<DocumentKind> = new Set(['text', 'csv', 'tsv', 'json', 'pdf', 'image', 'recording']);

/** Whether a document's text has headings, lists and tables of Markdown. */
export const isMarkdown = (kind: DocumentKind): boolean => !NO_MARKDOWN.has(kind);

/** `a presentation`, `an image` */
export const aKind = (kind: DocumentKind): string =>
  `${/^(?:[aeiou]|HTML)/i.test(KIND_NAMES[kind]) ? 'an' : 'a'} ${KIND_NAMES[kind]}`;
