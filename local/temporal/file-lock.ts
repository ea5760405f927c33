import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

export interface FileLock {
  /** Safe to call twice. */
  release(): void;
}

export interface LockWait {
  /** Milliseconds to wait for the holder; no limit by default. */
  waitMs?: number;
  /** Called once if the lock is not free at first. */
  onWait?: () => void;
  signal?: AbortSignal;
}

const SQLITE_BUSY = 5;

/** Keeps held locks from being collected as garbage, which would release them. */
const held = new Set<DatabaseSync>();

/**
 * Takes a lock that ends with its process, however that ends: SQLite's lock on the file, which the system drops with
 * the process, so there are no stale locks and no pids to compare. The file stays. It must not be opened by other
 * means in the same process: closing any handle on it would drop the lock (POSIX record locks).
 * @returns undefined if another holder has it, be it in this process
 */
export function tryLock(file: string): FileLock | undefined {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    // Nothing is ever written, so no journal file need lie beside the lock.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw new Error(`The lock file ${file} cannot be locked: ${(error as Error).message}`, { cause: error });
  }
  held.add(database);
  return {
    release: () => {
      if (held.delete(database)) database.close();
    },
  };
}

/** Runs `work` while holding the lock. @throws Error if the lock is not had in time */
export async function withLock<T>(file: string, wait: LockWait, work: () => Promise<T>): Promise<T> {
  const until = Date.now() + (wait.waitMs ?? Number.POSITIVE_INFINITY);
  let lock = tryLock(file);
  if (!lock) wait.onWait?.();
  while (!lock) {
    if (Date.now() > until) throw new Error(`Another process has held ${file} for ${wait.waitMs} ms.`);
    await sleep(100, undefined, { signal: wait.signal });
    lock = tryLock(file);
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}
