import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DEFAULT_MAX_BYTES, type ReadableDocument } from '../documents/readable-document.ts';
import { ToolError } from '../tools/tool.ts';
import { closestPaths } from './closest.ts';
import { documentPath, documentUrl } from './corpus-url.ts';
import { type DocumentRow, documentTable } from './document-table.ts';
import { type Evidence, selectEvidence } from './evidence.ts';
import { indexPath, openIndex } from './index-file.ts';
import { queryTerms } from './query-terms.ts';
import { rankDocuments, rankPassages } from './rank.ts';
import { type RefreshProgress, type RefreshReport, refreshIndex } from './refresh.ts';
import { snippet } from './snippet.ts';

/** One document that a search found. */
export interface Hit {
  /** Path relative to the folder, encoded for a Markdown link. */
  url: string;
  title: string;
  /** The best passage's best lines. */
  snippet: string;
  /** When the file was last changed. */
  modified?: Date;
}

export interface CorpusDocument extends ReadableDocument {
  url: string;
  title: string;
  modified: Date;
}

/** A folder of documents, searchable. */
export interface Corpus {
  /** Brings the index up to the folder's state; calls while one runs share it only through `sharedCorpus`. */
  refresh(signal?: AbortSignal, onProgress?: (progress: RefreshProgress) => void): Promise<RefreshReport>;
  /** The documents that match a query, best first, one hit a document. */
  search(query: string, limit?: number): Hit[];
  /** A document's text from the index, or `undefined` where there is none. Throws `ToolError` for a hostile address. */
  read(url: string): CorpusDocument | undefined;
  /** The sentence why a file of the folder has no text; `undefined` for documents and for files that are not there. */
  whyUnread(url: string): string | undefined;
  /** The passages of a document that say the most for a goal, in its order, within a number of characters. */
  passages(url: string, goal: string, budgetChars: number): Evidence | undefined;
  /** Addresses of documents with a similar path, for a suggestion. */
  closest(url: string, limit?: number): string[];
  /** How many documents can be found. */
  size(): number;
  close(): void;
}

export interface CorpusOptions {
  /** Folder for the index. Made if missing. */
  stateDir: string;
  /** Largest file read, in bytes. Default 50 MiB. */
  maxBytes?: number;
}

/** How many passages are looked at for a search: enough to find ten documents where some have many good passages. */
const CANDIDATES = 120;

/**
 * Opens the index of a folder. Nothing is read from the folder until `refresh`.
 *
 * @param dir the folder
 * @throws ToolError when there is no such folder
 */
export async function openCorpus(
  dir: string,
  { stateDir, maxBytes = DEFAULT_MAX_BYTES }: CorpusOptions,
): Promise<Corpus> {
  const root = corpusRoot(dir);
  const db = openIndex(indexPath(root, resolve(stateDir)));
  const table = documentTable(db);
  const byId = db.prepare('SELECT * FROM documents WHERE id = ?');
  const textOf = db.prepare('SELECT text FROM passages WHERE id BETWEEN ? AND ? ORDER BY id');
  const find = (url: string) => lookUp(table.find, url);

  return {
    refresh: (signal, onProgress) =>
      refreshIndex(db, { root, except: [realState(stateDir)], maxBytes, signal, onProgress }),

    search(query, limit = 10) {
      const terms = queryTerms(db, query);
      const ranked = rankDocuments(terms, rankPassages(db, terms, CANDIDATES)).slice(0, limit);
      return ranked.map(({ best }) => {
        const row = byId.get(best.document) as unknown as DocumentRow;
        return { ...described(row), snippet: snippet(best.text, terms) };
      });
    },

    read(url) {
      const row = find(url);
      if (!row?.kind) return undefined;
      const parts = row.first_passage === null ? [] : textOf.all(row.first_passage, row.last_passage);
      return { ...described(row), kind: row.kind, text: parts.map(({ text }) => text).join('') };
    },

    whyUnread: (url) => find(url)?.unread ?? undefined,

    passages(url, goal, budgetChars) {
      const row = find(url);
      return row?.kind ? selectEvidence(db, row, goal, budgetChars) : undefined;
    },

    closest(url, limit = 3) {
      const rows = db.prepare('SELECT path FROM documents WHERE kind IS NOT NULL').all() as { path: string }[];
      return closestPaths(
        documentPath(url),
        rows.map(({ path }) => path),
        limit,
      ).map(documentUrl);
    },

    size: () => Number(db.prepare('SELECT count(*) AS n FROM documents WHERE kind IS NOT NULL').get()!.n),

    close: () => db.close(),
  };
}

/** The real path of a corpus folder. Throws `ToolError` when it is none. */
export function corpusRoot(dir: string): string {
  const isFolder = statSync(dir, { throwIfNoEntry: false })?.isDirectory();
  if (!isFolder) throw new ToolError('The folder of documents is not there; no document can be searched or opened.');
  return realpathSync(dir);
}

function realState(stateDir: string): string {
  return realpathSync(resolve(stateDir));
}

/** By the address, and by the bare text for those who write a file name as it is. */
function lookUp(find: (path: string) => DocumentRow | undefined, url: string): DocumentRow | undefined {
  return find(documentPath(url)) ?? find(url.trim());
}

function described(row: DocumentRow): { url: string; title: string; modified: Date } {
  const name = row.path.slice(row.path.lastIndexOf('/') + 1);
  return { url: documentUrl(row.path), title: row.title ?? name, modified: new Date(row.modified) };
}
