/** What a document's text is like: Markdown (HTML becomes Markdown too, but keeps its kind), rows, pages, plain lines. */
export type DocumentKind = 'markdown' | 'text' | 'html' | 'pdf' | 'csv' | 'tsv' | 'json';

/** A file or page as text that a model can read. */
export interface ReadableDocument {
  title?: string;
  /** Line ends are `\n`. Pages of a PDF are separated by a form feed (`\f`) on a line of its own. */
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
  signal?: AbortSignal;
}

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
};
