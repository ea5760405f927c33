import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { replaceFile } from '../../record-file.ts';

/** What a file looked like when it was last read: while this is the same, so is its content. */
export type Look = [bytes: number, modifiedNs: string, changedNs: string, inode: string, mode: number];

export interface KnownFile {
  look: Look;
  sha256: string;
}

/** What this machine knows of a workspace: which snapshot it is at, and how its files looked then. */
export interface WorkspaceIndex {
  /** The snapshot; empty while one is being restored. */
  at: string;
  /** The snapshot before, and the call that made the difference. */
  before?: string;
  call?: string;
  /** Epoch milliseconds, before the files were looked at. */
  lookedAt: number;
  files: Map<string, KnownFile>;
  /** Tree hashes that are in the store, by folder. */
  folders: Map<string, string>;
  /** What is not in the snapshot, in a sentence that was told. */
  told?: string;
}

const pathOf = (stateDir: string, workspace: string) => join(stateDir, 'snapshots', `${workspace}.json`);

/** By file, with its mark: another process of this machine may have written a newer one. */
const known = new Map<string, { mark: string; index: WorkspaceIndex }>();

/** Sessions whose index stays in memory; one of 10,000 files takes some megabytes. */
const MOST_KNOWN = 50;

export function readIndex(stateDir: string, workspace: string): WorkspaceIndex | undefined {
  const path = pathOf(stateDir, workspace);
  const mark = markOf(path);
  const before = known.get(path);
  if (before && before.mark === mark) return before.index;
  known.delete(path);
  if (mark === undefined) return undefined;
  try {
    const { files, folders, ...rest } = JSON.parse(readFileSync(path, 'utf8'));
    const index: WorkspaceIndex = { ...rest, files: new Map(files), folders: new Map(folders) };
    remember(path, mark, index);
    return index;
  } catch {
    // Damaged: as if nothing was known.
    return undefined;
  }
}

export function writeIndex(stateDir: string, workspace: string, index: WorkspaceIndex): void {
  const path = pathOf(stateDir, workspace);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  replaceFile(path, JSON.stringify({ ...index, files: [...index.files], folders: [...index.folders] }));
  remember(path, markOf(path) ?? '', index);
}

export function removeIndex(stateDir: string, workspace: string): void {
  const path = pathOf(stateDir, workspace);
  known.delete(path);
  rmSync(path, { force: true });
}

function remember(path: string, mark: string, index: WorkspaceIndex): void {
  known.delete(path);
  known.set(path, { mark, index });
  for (const oldest of known.keys()) {
    if (known.size <= MOST_KNOWN) break;
    known.delete(oldest);
  }
}

function markOf(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stats && `${stats.ino}:${stats.mtimeNs}:${stats.size}`;
}
