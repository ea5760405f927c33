import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    devServerFolder: string;
  }
}

const END = fileURLToPath(new URL('run-folder-end.ts', import.meta.url));

/**
 * A run of vitest has one folder for all that its tests leave on disk, and for the dev server that its files share. Its
 * end, even by SIGKILL, ends every process that knows the folder: servers, workers, commands and what they started.
 */
export default async function setup(project: TestProject) {
  const folder = mkdtempSync(join(tmpdir(), 'deep-research-tests-'));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  project.provide('devServerFolder', join(folder, 'dev-server'));
  // Detached: what kills the group of this process shall not reach it.
  const end = fork(END, [folder, String(process.pid)], { detached: true, stdio: 'ignore' });
  end.unref();
  end.channel?.unref();
  return async () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    const ended = once(end, 'exit');
    if (end.connected) end.disconnect();
    if (end.exitCode === null && end.signalCode === null) await ended;
  };
}
