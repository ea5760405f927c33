import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Store } from '../../store/store.ts';

/** Writes are single rows; who waits longer for another process's is better off without the cache. Milliseconds. */
const BUSY_TIMEOUT = 2000;

/** A file for the workers of one machine. A damaged one is made anew. */
export function sqliteStore(path: string): Store {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const db = opened(path);
  const read = db.prepare('SELECT bytes FROM kept WHERE name = ?');
  const write = db.prepare(
    'INSERT INTO kept (name, at, bytes) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at, bytes = excluded.bytes',
  );
  const remove = db.prepare('DELETE FROM kept WHERE at < ?');
  return {
    read: async (name) => read.get(name)?.bytes as Uint8Array | undefined,
    write: async (name, bytes) => {
      write.run(name, Date.now(), bytes);
    },
    removeOlder: async (than) => {
      remove.run(than);
    },
    close: () => db.close(),
  };
}

function opened(path: string): DatabaseSync {
  try {
    return prepared(path);
  } catch (error) {
    // SQLITE_CORRUPT (11) and SQLITE_NOTADB (26), also in their extended forms.
    const code = (error as { errcode?: number }).errcode;
    if (code === undefined || ![11, 26].includes(code & 0xff)) throw error;
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    return prepared(path);
  }
}

function prepared(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT });
  try {
    // A crash of the machine may cost the last rows, which are looked up again.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    db.exec(`
      CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, at INTEGER NOT NULL, bytes BLOB NOT NULL);
      CREATE INDEX IF NOT EXISTS kept_at ON kept (at);
    `);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
