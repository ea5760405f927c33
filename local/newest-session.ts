import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The session that a question with its settings is worked on in: the first one, whose id is `base`, or that of the last
 * `--new`. Noted before a session is started, so that a kill in between loses neither.
 */
export function newestSession(stateDir: string, base: string): string {
  try {
    return readFileSync(note(stateDir, base), 'utf8').trim() || base;
  } catch {
    return base;
  }
}

export function noteNewest(stateDir: string, base: string, id: string): void {
  const file = note(stateDir, base);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, `${id}\n`);
  renameSync(`${file}.${process.pid}`, file);
}

const note = (stateDir: string, base: string): string => join(stateDir, 'newest', base);
