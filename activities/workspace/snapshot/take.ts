import { realpath } from 'node:fs/promises';
import { type Blobs, sha256Of } from '../../../store/blobs.ts';
import type { KnownFile, WorkspaceIndex } from './index-file.ts';
import { lookOf, openInside, type ScannedFolder, SNAPSHOT_LIMITS, scan } from './scan.ts';
import { EMPTY_TREE, encodeTree, newTree, type Tree } from './tree.ts';

export interface Snapshots {
  /** Contents of files. */
  blobs: Blobs;
  trees: Blobs;
}

/** A file that was written this short before it was looked at may have been written again without a trace. */
const CLOCK_STEP_MS = 2000;

/** Files that are read and stored at once. */
const AT_ONCE = 8;

export interface Taken {
  index: WorkspaceIndex;
  leftOut: [path: string, why: string][];
  /** Files that were read; the others look as they did. */
  read: number;
}

/**
 * Saves a workspace: what looks as it did is neither read nor written. Throws `TooLarge`, or what the store throws.
 *
 * @param before what was known of the workspace; its contents and folders are in the store
 */
export async function takeSnapshot(
  workspace: string,
  { blobs, trees }: Snapshots,
  before: Pick<WorkspaceIndex, 'files' | 'folders' | 'lookedAt'> | undefined,
  limits = SNAPSHOT_LIMITS,
): Promise<Taken> {
  const lookedAt = Date.now();
  const { root, leftOut } = await scan(workspace, limits);
  const realRoot = await realpath(workspace);
  const files: WorkspaceIndex['files'] = new Map();
  const folders: WorkspaceIndex['folders'] = new Map();
  const fresh: string[] = [];
  const settled = BigInt(Math.floor((before?.lookedAt ?? 0) - CLOCK_STEP_MS)) * 1_000_000n;

  (function compare(folder: ScannedFolder, path: string): void {
    for (const [name, look] of folder.files) {
      const known = before?.files.get(path + name);
      const same = known?.look.every((part, index) => part === look[index]) && BigInt(look[2]) < settled;
      if (known && same) files.set(path + name, known);
      else fresh.push(path + name);
    }
    for (const [name, inner] of folder.folders) compare(inner, `${path}${name}/`);
  })(root, '');

  const read = fresh.length;
  const readers = Array.from({ length: AT_ONCE }, async () => {
    for (let path = fresh.pop(); path !== undefined; path = fresh.pop()) {
      const kept = await keepFile(realRoot, path, blobs, limits.fileBytes).catch((error: NodeJS.ErrnoException) => {
        if (!['EACCES', 'EPERM'].includes(error.code ?? '')) throw error;
        leftOut.push([path as string, `it cannot be read (${error.code})`]);
        return undefined;
      });
      if (kept) files.set(path, kept);
    }
  });
  await Promise.all(readers);

  async function keepFolder(folder: ScannedFolder, path: string): Promise<string> {
    const tree: Tree = { ...newTree(), links: folder.links };
    for (const name of folder.files.keys()) {
      const file = files.get(path + name);
      if (file) tree.files.set(name, [file.sha256, file.look[0], file.look[4]]);
    }
    for (const [name, inner] of folder.folders) tree.folders.set(name, await keepFolder(inner, `${path}${name}/`));
    const bytes = encodeTree(tree);
    const hash = sha256Of(bytes);
    if (hash !== EMPTY_TREE && hash !== before?.folders.get(path)) await trees.put(bytes);
    folders.set(path, hash);
    return hash;
  }

  const at = await keepFolder(root, '');
  return { index: { at, lookedAt, files, folders }, leftOut, read };
}

/** Up to here a file is read at once, which is much quicker than as a stream. */
const AT_ONCE_BYTES = 2 ** 20;

/** Reads and stores one file below `root`, a real path; undefined where it is none any more. */
export async function keepFile(root: string, path: string, blobs: Blobs, most: number): Promise<KnownFile | undefined> {
  const file = await openInside(root, path);
  if (!file) return undefined;
  try {
    // Of the open file, before it is read: if it is written meanwhile, it looks different the next time.
    const [bytes, ...rest] = lookOf(await file.stat({ bigint: true }));
    const blob =
      bytes <= AT_ONCE_BYTES
        ? await blobs.put(await file.readFile())
        : await blobs.putStream(file.createReadStream({ autoClose: false }), bytes, most);
    return { look: [blob.bytes, ...rest], sha256: blob.sha256 };
  } finally {
    await file.close();
  }
}
