import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import type { Concluded, ConcludeInput } from '../../protocol/activities.ts';
import type { Artifact } from '../../protocol/result.ts';
import type { Cache } from '../cache/index.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { cleanupCalls } from '../workspace/cleanup-calls.ts';
import { ensureWorkspace } from '../workspace/workspace.ts';
import { answerChecker } from './check-answer.ts';

/** Keeps the result small enough to read. */
const MOST_ARTIFACTS = 200;

const TYPES: Record<string, string> = {
  '.csv': 'text/csv',
  '.html': 'text/html',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.txt': 'text/plain',
};

export interface ConcludeOptions {
  stateDir: string;
  sandbox: Sandbox;
  /** Where pages are kept with which claims are compared. */
  cache: Cache;
}

/**
 * The activity `conclude`: ends the session's commands, lists the files of its workspace and checks what its answer
 * claims.
 */
export function makeConclude({ stateDir, sandbox, cache }: ConcludeOptions) {
  const check = answerChecker(cache);
  return ({ session, answered }: ConcludeInput): Promise<Concluded> =>
    withHeartbeat(async () => {
      const folder = await ensureWorkspace(stateDir, session.workspace);
      await sandbox.end?.(folder);
      await cleanupCalls(stateDir, session.workspace);
      const artifacts: Artifact[] = [];
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        const name = relative(folder, path).split(sep).join('/');
        if (!entry.isFile() || name.split('/').some((part) => part.startsWith('.'))) continue;
        if (artifacts.length >= MOST_ARTIFACTS) break;
        const hash = createHash('sha256');
        for await (const bytes of createReadStream(path)) hash.update(bytes);
        const type = TYPES[extname(name).toLowerCase()] ?? 'application/octet-stream';
        artifacts.push({ name, bytes: (await stat(path)).size, type, sha256: hash.digest('hex') });
      }
      return { artifacts, ...(answered && (await check(artifacts))) };
    });
}
