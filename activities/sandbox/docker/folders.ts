import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { nameOfWorkspace } from '../../workspace/workspace.ts';
import { callFolder } from '../call-record.ts';
import type { SandboxCommand } from '../sandbox.ts';
import { INSIDE } from './settings.ts';

/**
 * What is on disk of a call. The records of the worker lie where those of the subprocess sandbox do, and no container
 * sees them; what the runner in the container writes lies in a folder of its own, the box.
 */
export interface CallPaths {
  /** Unique in the workspace. */
  name: string;
  folder: string;
  /** `CallRequest`: what to run. */
  request: string;
  /** `Started`: in which container, written before it is started there. */
  started: string;
  /** Made once; from here on the call is over. */
  result: string;
  box: string;
  /** In the box. */
  script: string;
  /** Paths in the container. */
  inside: { box: string; scripts: string; script: string };
}

/** Folder of all boxes of a workspace, which its container has at `/calls`. */
export const boxesPath = (stateDir: string, workspace: string): string => join(stateDir, 'boxes', workspace);

export function callPaths(stateDir: string, command: SandboxCommand): CallPaths {
  const { folder } = callFolder(stateDir, command);
  const name = basename(folder);
  const box = join(boxesPath(stateDir, nameOfWorkspace(stateDir, command.workspace)), name);
  const script = `${command.callId}.${command.language === 'python' ? 'py' : 'sh'}`;
  const inside = `${INSIDE.calls}/${name}`;
  return {
    name,
    folder,
    request: join(folder, 'request.json'),
    started: join(folder, 'started.json'),
    result: join(folder, 'result.json'),
    box,
    // A folder of its own, for Python looks for modules beside the script.
    script: `script/${script}`,
    inside: { box: inside, scripts: `${inside}/script`, script: `${inside}/script/${script}` },
  };
}

/** Removes what commands have written, after their container is gone: also folders that they closed to everybody. */
export async function removeWritten(folder: string): Promise<void> {
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  await remove().catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EACCES' && error.code !== 'EPERM') throw error;
    open(folder);
    return remove();
  });
}

function open(folder: string): void {
  if (!lstatSync(folder).isDirectory()) return;
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) open(join(folder, entry.name));
  }
}
