import type { DatabaseSync } from 'node:sqlite';
import type { DocumentKind } from '../documents/readable-document.ts';
import { cutPassages } from './cut-passages.ts';
import { tokens } from './tokens.ts';
import type { WalkedFile } from './walk.ts';

/** A file of the folder in the index. */
export interface DocumentRow {
  id: number;
  path: string;
  size: number;
  modified: number;
  changed: number;
  /** SHA-256 of the bytes; empty when they were not read. */
  hash: string;
  /** Absent when the file could not be read; `unread` then says why. */
  kind: DocumentKind | null;
  title: string | null;
  unread: string | null;
  first_passage: number | null;
  last_passage: number | null;
}

/** What goes into the index for one file: its text, or the sentence why there is none. */
export type FileContent =
  | { hash: string; kind: DocumentKind; title?: string; text: string }
  | { hash: string; unread: string };

/** Reading and writing the rows of documents, with their passages and words. Writers are called in a transaction. */
export function documentTable(db: DatabaseSync) {
  const byPath = db.prepare('SELECT * FROM documents WHERE path = ?');
  const touch = db.prepare('UPDATE documents SET size = ?, modified = ?, changed = ? WHERE path = ?');
  const insert = db.prepare(
    'INSERT INTO documents (path, size, modified, changed, hash, kind, title, unread) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const setRange = db.prepare('UPDATE documents SET first_passage = ?, last_passage = ? WHERE id = ?');
  const insertPassage = db.prepare('INSERT INTO passages (document, headings, text) VALUES (?, ?, ?)');
  const insertWords = db.prepare(
    'INSERT INTO passage_words (rowid, title, path, headings, body) VALUES (?, ?, ?, ?, ?)',
  );
  const removeWords = db.prepare('DELETE FROM passage_words WHERE rowid BETWEEN ? AND ?');
  const removePassages = db.prepare('DELETE FROM passages WHERE id BETWEEN ? AND ?');
  const removeRow = db.prepare('DELETE FROM documents WHERE id = ?');

  const find = (path: string) => byPath.get(path) as DocumentRow | undefined;

  function remove(path: string): void {
    const row = find(path);
    if (!row) return;
    if (row.first_passage !== null) {
      removeWords.run(row.first_passage, row.last_passage);
      removePassages.run(row.first_passage, row.last_passage);
    }
    removeRow.run(row.id);
  }

  return {
    find,
    remove,

    /** The file's bytes are as before. */
    touch(file: WalkedFile): void {
      touch.run(file.size, file.modified, file.changed, file.path);
    },

    /** Puts a file's content in the place of what was there. */
    put(file: WalkedFile, content: FileContent): void {
      remove(file.path);
      const state = [file.path, file.size, file.modified, file.changed, content.hash] as const;
      if ('unread' in content) {
        insert.run(...state, null, null, content.unread);
        return;
      }
      const { kind, title = null, text } = content;
      const { lastInsertRowid: document } = insert.run(...state, kind, title, null);
      let first: number | bigint | undefined;
      let last: number | bigint | undefined;
      const titleWords = indexed(title ?? '');
      const pathWords = indexed(file.path);
      // A transaction's rows follow each other, so a document's passages are one range of ids.
      for (const { headings, text: passage } of cutPassages(text, kind)) {
        last = insertPassage.run(document, JSON.stringify(headings), passage).lastInsertRowid;
        first ??= last;
        const below = headings.filter((heading) => heading !== title).join(' ');
        insertWords.run(last, titleWords, pathWords, indexed(below), indexed(passage));
      }
      if (last !== undefined) setRange.run(first!, last, document);
    },
  };
}

export type DocumentTable = ReturnType<typeof documentTable>;

const indexed = (text: string): string => tokens(text).join(' ');
