import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { tryLock } from './file-lock.ts';

/** One use of the dev server by one process. */
export interface User {
  /** Ends the use. To be called under the state folder's lock. @returns how many others still use the server */
  leave(): number;
}

/**
 * Enters a use of the server: a lock file of its own, held while the use lasts, so that the system ends the use of a
 * killed process. To be called under the state folder's lock.
 */
export function enterUser(folder: string): User {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, `${process.pid}-${randomUUID()}`);
  const lock = tryLock(file);
  if (!lock) throw new Error(`The new lock file ${file} is held by another process.`);
  return {
    leave: () => {
      lock.release();
      rmSync(file, { force: true });
      return countUsers(folder);
    },
  };
}

/** Counts the uses that last and removes the files of those that ended without leaving. */
export function countUsers(folder: string): number {
  let count = 0;
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    const lock = tryLock(file);
    if (!lock) {
      count += 1;
      continue;
    }
    lock.release();
    rmSync(file, { force: true });
  }
  return count;
}
