import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import type { Concluded } from '../../protocol/activities.ts';
import type { SessionRef } from '../../protocol/tool-call.ts';
import { mediaType } from './media-type.ts';
import type { SessionFiles } from './session-files.ts';
import { readIndex } from './snapshot/index-file.ts';
import { type ScannedFolder, SNAPSHOT_LIMITS, scan, TooLarge } from './snapshot/scan.ts';
import { keepFile, type Snapshots } from './snapshot/take.ts';
import { changedFiles, EMPTY_TREE, MissingContent, type TreeFile } from './snapshot/tree.ts';
import { workspacePath } from './workspace.ts';

/** Keeps the result small enough to read. */
const MOST_ARTIFACTS = 200;

/** Looked at in a workspace that is too large for a snapshot. */
const MOST_LOOKED_AT = 500_000;

/** Folders that programs fill for themselves. */
const NOT_GIVEN_BACK = new Set(['__pycache__', 'node_modules']);

/**
 * The files that a session gives back: what is new or different in its workspace since it was given its own. They are
 * in the store when this returns. Names that begin with a dot, and those that are no name elsewhere, do not count.
 */
export async function artifactsOf(
  { stateDir, kept, files }: { stateDir: string; kept: Snapshots; files: SessionFiles },
  session: SessionRef,
  given = EMPTY_TREE,
): Promise<Concluded> {
  const notes: string[] = [];
  let found: TreeFile[] = [];
  try {
    const at = await lastSnapshot(stateDir, files, session);
    found = (await changedFiles(kept.trees, given, at)).filter(({ path }) => isGivenBack(path));
    const told = readIndex(stateDir, session.workspace)?.told;
    if (told) notes.push(`Not saved: ${told}.`);
  } catch (error) {
    if (error instanceof MissingContent)
      return { artifacts: [], artifactsNote: `The files are lost: ${error.message}` };
    if (!(error instanceof TooLarge)) throw error;
    notes.push(`${error.message}: only the first ${MOST_ARTIFACTS} files are kept.`);
    found = await firstFiles(workspacePath(stateDir, session.workspace), kept, given);
  }
  // Files of the folder itself before those below it.
  found.sort((one, other) => depthOf(one.path) - depthOf(other.path));
  const more = found.length - MOST_ARTIFACTS;
  if (more > 0) notes.push(`${more} more files are in the working directory; the first ${MOST_ARTIFACTS} are listed.`);
  return {
    artifacts: found
      .slice(0, MOST_ARTIFACTS)
      .map(({ path, bytes, sha256 }) => ({ name: path, bytes, type: mediaType(path), sha256 })),
    ...(notes.length > 0 ? { artifactsNote: notes.join(' ') } : {}),
  };
}

/** Of the workspace as it is now, where this host has the one that the session knows. */
async function lastSnapshot(stateDir: string, files: SessionFiles, session: SessionRef): Promise<string> {
  const isHere =
    existsSync(workspacePath(stateDir, session.workspace)) &&
    (session.snapshot === undefined || readIndex(stateDir, session.workspace)?.at === session.snapshot);
  return isHere ? files.save(session.workspace) : (session.snapshot ?? EMPTY_TREE);
}

const depthOf = (path: string): number => path.split('/').length;

function isGivenBack(path: string): boolean {
  // A backslash separates folders on the machines of some clients.
  if (/[\\\u0000-\u001f\u007f]/.test(path)) return false;
  return path.split('/').every((part) => !part.startsWith('.') && !NOT_GIVEN_BACK.has(part));
}

async function firstFiles(workspace: string, kept: Snapshots, given: string): Promise<TreeFile[]> {
  const before = new Map((await changedFiles(kept.trees, EMPTY_TREE, given)).map(({ path, sha256 }) => [path, sha256]));
  const limits = { ...SNAPSHOT_LIMITS, entries: MOST_LOOKED_AT, bytes: Number.MAX_SAFE_INTEGER };
  const { root } = await scan(workspace, limits);
  const realRoot = await realpath(workspace);
  const found: TreeFile[] = [];
  let left = SNAPSHOT_LIMITS.bytes;
  const collect = async (folder: ScannedFolder, path: string): Promise<void> => {
    for (const name of [...folder.files.keys()].sort()) {
      if (found.length >= MOST_ARTIFACTS || !isGivenBack(path + name)) continue;
      const file = await keepFile(realRoot, path + name, kept.blobs, Math.min(left, limits.fileBytes)).catch(() => {});
      if (!file || before.get(path + name) === file.sha256) continue;
      left -= file.look[0];
      found.push({ path: path + name, sha256: file.sha256, bytes: file.look[0] });
    }
    for (const [name, inner] of folder.folders) await collect(inner, `${path}${name}/`);
  };
  await collect(root, '');
  return found;
}
