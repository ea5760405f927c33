import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** A container has a process table of its own, but may share the folder with others. */
const MACHINE = createHash('sha256').update(hostname()).digest('hex').slice(0, 4);

/** Short, for Chromium has a socket in it, and a socket's path has a hundred characters. */
const START = `drb-${MACHINE}-`;

/** Of this process. */
const inUse = new Set<string>();

/**
 * A folder for all that a browser writes. It goes when this process ends; where that is killed, the next one that
 * makes such a folder removes it.
 */
export function profileFolder(): { path: string; remove(): void } {
  removeLeft();
  const path = mkdtempSync(join(tmpdir(), `${START}${process.pid}-`));
  inUse.add(basename(path));
  const remove = () => {
    process.removeListener('exit', remove);
    inUse.delete(basename(path));
    removeFolder(path);
  };
  process.on('exit', remove);
  return { path, remove };
}

function removeLeft(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(START) && Number.parseInt(name.slice(START.length), 10);
    if (pid && !inUse.has(name) && (pid === process.pid || !isRunning(pid))) removeFolder(join(tmpdir(), name));
  }
}

function removeFolder(path: string): void {
  try {
    // A browser that is just being killed may still write.
    rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  } catch {
    // The next browser tries again.
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
