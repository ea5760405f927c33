import type { DocumentHint, ReadableDocument } from '../documents/readable-document.ts';
import { displayUrl } from './fetch-error.ts';
import { type Fetched, type SafeFetchOptions, safeFetch } from './safe-fetch.ts';

/** Turns bytes into text; `readDocument` of activities/documents is one. */
export type DocumentReader = (bytes: Uint8Array, hint: DocumentHint) => Promise<ReadableDocument>;

export interface ReadPage {
  fetched: Fetched;
  document: ReadableDocument;
}

/** Fetches a page with `safeFetch` and reads it. Throws what either throws: sentences for the model are `ToolError`s. */
export async function readPage(
  url: string,
  read: DocumentReader,
  options: SafeFetchOptions,
  signal: AbortSignal,
  members: readonly string[] = [],
): Promise<ReadPage> {
  const fetched = await safeFetch(url, options, signal);
  const { bytes, mediaType, charset, finalUrl } = fetched;
  const contentType = charset === undefined ? mediaType : `${mediaType}; charset=${charset}`;
  const hint = pageHint(url, { contentType, url: finalUrl, signal });
  const document = await read(bytes, { ...hint, ...(members.length > 0 && { members }) });
  return { fetched, document };
}

/** What a reader is told of a page. In sentences it has the name under which it was asked for. */
export const pageHint = (asked: string, hint: DocumentHint): DocumentHint => ({
  name: `The page at ${displayUrl(asked)}`,
  ...hint,
});
