import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** A folder name for any session: the id itself where it is fit for one, else a readable part of it and a hash. */
export function workspaceName(sessionId: string): string {
  if (NAME.test(sessionId)) return sessionId;
  const readable = sessionId
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 80);
  return `${readable || 'session'}-${createHash('sha256').update(sessionId).digest('hex').slice(0, 16)}`;
}

/** Absolute folder of a workspace. Throws on a name that `workspaceName` would not give. */
export function workspacePath(stateDir: string, name: string): string {
  return join(stateDir, 'workspaces', checkedName(name));
}

/** Folder of a workspace's call records: beside the workspace, so that a command does not find it in its way. */
export function callsPath(stateDir: string, name: string): string {
  return join(stateDir, 'calls', checkedName(name));
}

/** The name of the workspace in this folder. Throws when it is not a workspace of `stateDir`. */
export function nameOfWorkspace(stateDir: string, workspace: string): string {
  const name = basename(workspace);
  if (!NAME.test(name) || workspacePath(stateDir, name) !== join(workspace)) {
    throw new Error(`${workspace} is not a workspace below ${join(stateDir, 'workspaces')}.`);
  }
  return name;
}

/** Makes the workspace if it is not there, and gives its absolute folder. */
export async function ensureWorkspace(stateDir: string, name: string): Promise<string> {
  const folder = workspacePath(stateDir, name);
  // Nearly always it is there, and this look is a tenth of the other's cost.
  if (!existsSync(folder)) await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** Removes the workspace and all files in it; no fault when there is none. Calls are ended with `cleanupCalls` first. */
export async function removeWorkspace(stateDir: string, name: string): Promise<void> {
  await rm(workspacePath(stateDir, name), { recursive: true, force: true, maxRetries: 3 });
}

function checkedName(name: string): string {
  if (!NAME.test(name)) {
    throw new Error(`${JSON.stringify(name)} is not a workspace name: letters, digits, ".", "_" and "-", 128 at most.`);
  }
  return name;
}
