import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Goes up whenever the tables, the tokens, the passages or the formats that are read change: an older index is then left alone and a new one made
 * beside it, so that workers of two versions can share a state folder.
 */
const VERSION = 3;

/** Another process's transaction writes one batch; longer waits mean that it hangs. Milliseconds. */
const BUSY_TIMEOUT = 30_000;

// Words come from `tokens.ts`, joined by spaces; the tokenizer of FTS5 only has to split them again.
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS documents (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    modified REAL NOT NULL,
    changed REAL NOT NULL,
    hash TEXT NOT NULL,
    kind TEXT,
    title TEXT,
    unread TEXT,
    first_passage INTEGER,
    last_passage INTEGER
  );
  CREATE TABLE IF NOT EXISTS passages (
    id INTEGER PRIMARY KEY,
    document INTEGER NOT NULL,
    headings TEXT NOT NULL,
    text TEXT NOT NULL
  );
  CREATE VIRTUAL TABLE IF NOT EXISTS passage_words USING fts5 (
    title, path, headings, body,
    content = '', contentless_delete = 1, tokenize = "ascii tokenchars '.'"
  );
  CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab (main, passage_words, row);
`;

/** Path of the index of a folder. @param root the folder's real path */
export function indexPath(root: string, stateDir: string): string {
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 24);
  return join(stateDir, `corpus-v${VERSION}-${hash}.sqlite`);
}

/** Opens the index, or makes it. A damaged one is made anew, for everything in it can be read from the folder again. */
export function openIndex(path: string): DatabaseSync {
  mkdirSync(join(path, '..'), { recursive: true });
  try {
    return prepared(path);
  } catch (error) {
    if (!isDamaged(error)) throw error;
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    return prepared(path);
  }
}

/** An index for one document that is looked through and forgotten. */
export const openMemoryIndex = (): DatabaseSync => prepared(':memory:');

function prepared(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT });
  try {
    // A crash of the machine may cost the last batch, which the next refresh reads again.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    db.exec(SCHEMA);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** SQLITE_CORRUPT (11) and SQLITE_NOTADB (26), also in their extended forms. */
function isDamaged(error: unknown): boolean {
  const code = (error as { errcode?: number }).errcode;
  return code !== undefined && [11, 26].includes(code & 0xff);
}

/** Runs a transaction that takes the write lock at once, so that what it reads first still holds when it writes. */
export function transaction<T>(db: DatabaseSync, run: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = run();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}
