import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { stateFolderAt } from '../../local/state-folder.ts';
import { findServers, terminateServer } from '../../local/temporal/server-process.ts';

declare module 'vitest' {
  interface ProvidedContext {
    devServerFolder: string;
  }
}

/** A run of vitest has one folder for the dev server that its files share; its end ends the server. */
export default function setup(project: TestProject) {
  const folder = mkdtempSync(join(tmpdir(), 'deep-research-tests-'));
  project.provide('devServerFolder', folder);
  return async () => {
    const { temporalDb } = stateFolderAt(folder);
    for (const { pid } of findServers(temporalDb)) await terminateServer(pid, temporalDb, 5_000);
    rmSync(folder, { recursive: true, force: true });
  };
}
