import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Name of this host among those with workspaces: that of the state folder, so that it stays over restarts. */
export function hostId(stateDir: string): string {
  const path = join(stateDir, 'host-id');
  mkdirSync(stateDir, { recursive: true });
  try {
    writeFileSync(path, randomBytes(4).toString('hex'), { flag: 'wx', flush: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const id = readFileSync(path, 'utf8').trim();
  // Another process is about to write it.
  if (id === '') return hostId(stateDir);
  if (/^[0-9a-f]{8}$/.test(id)) return id;
  throw new Error(`${path} does not hold the name of a host; remove the file.`);
}
