import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes a record that is written once, on disk when this returns. False when there is one already. */
export function publish(path: string, record: unknown): boolean {
  const draft = durable(path, JSON.stringify(record));
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  sync(dirname(path));
  return true;
}

/** Puts a text in the place of what was there, so that a reader sees all of it or nothing. */
export function replaceFile(path: string, text: string): void {
  renameSync(durable(path, text), path);
}

/** A record, or undefined when it is not there or (after a crash of the machine, say) not readable. */
export function readRecord<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

function durable(path: string, text: string): string {
  const draft = `${path}.${randomUUID()}`;
  try {
    writeFileSync(draft, text, { flag: 'wx', mode: 0o600, flush: true });
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  return draft;
}

function sync(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
