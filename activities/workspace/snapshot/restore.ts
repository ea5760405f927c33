import { randomUUID } from 'node:crypto';
import { lstatSync, readlinkSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkspaceIndex } from './index-file.ts';
import { lookOf } from './scan.ts';
import type { Snapshots } from './take.ts';
import { MissingContent, namesOf, readTree, staysInside } from './tree.ts';

/** Files that are fetched and written at once. */
const AT_ONCE = 8;

/** Up to here a file is read into memory, which is much quicker than as a stream. */
const AT_ONCE_BYTES = 2 ** 20;

/**
 * Makes a workspace what it was at a snapshot: contents, permissions, links and empty folders. What is the same already
 * stays. Nothing is written through a link or into a file that has a second name elsewhere. The folder stays the same
 * one, so that a container in which it is mounted sees the files.
 *
 * @param scratch folder on the same disk, for files on their way
 * @param before what is known of the folder as it is
 * @throws MissingContent where the store lacks a part of the snapshot
 */
export async function restoreSnapshot(
  workspace: string,
  at: string,
  { blobs, trees }: Snapshots,
  scratch: string,
  before?: Pick<WorkspaceIndex, 'files'>,
): Promise<WorkspaceIndex> {
  const lookedAt = Date.now();
  const files: WorkspaceIndex['files'] = new Map();
  const folders: WorkspaceIndex['folders'] = new Map();
  const fetches: (() => Promise<void>)[] = [];
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  await mkdir(workspace, { recursive: true, mode: 0o700 });

  async function folderAt(place: string, path: string, hash: string, depth: number): Promise<void> {
    const tree = await readTree(trees, hash);
    folders.set(path, hash);
    const wanted = new Set(namesOf(tree));
    for (const name of await readdir(place, { encoding: 'buffer' })) {
      if (wanted.has(name.toString())) continue;
      await rm(Buffer.concat([Buffer.from(`${place}/`), name]), { recursive: true, force: true, maxRetries: 3 });
    }
    for (const [name, target] of tree.links) {
      if (!staysInside(target, depth)) throw new MissingContent(`The snapshot ${hash} has a link that leads out.`);
      const stats = lstatSync(join(place, name), { throwIfNoEntry: false });
      if (stats?.isSymbolicLink() && readlinkSync(join(place, name)) === target) continue;
      await clear(join(place, name), stats !== undefined);
      await symlink(target, join(place, name));
    }
    for (const [name, [sha256, bytes, mode]] of tree.files) {
      const target = join(place, name);
      const stats = lstatSync(target, { throwIfNoEntry: false, bigint: true });
      const known = before?.files.get(path + name);
      const same = stats?.isFile() && known?.sha256 === sha256 && String(known.look) === String(lookOf(stats));
      if (known && same && known.look[4] === mode) files.set(path + name, known);
      else fetches.push(() => fetchFile(target, path + name, { sha256, bytes, mode }, stats !== undefined));
    }
    for (const [name, inner] of tree.folders) {
      const target = join(place, name);
      const stats = lstatSync(target, { throwIfNoEntry: false });
      if (!stats?.isDirectory()) {
        await clear(target, stats !== undefined);
        await mkdir(target, { mode: 0o755 });
      }
      await folderAt(target, `${path}${name}/`, inner, depth + 1);
    }
  }

  async function fetchFile(
    target: string,
    path: string,
    { sha256, bytes, mode }: { sha256: string; bytes: number; mode: number },
    exists: boolean,
  ): Promise<void> {
    const content = bytes <= AT_ONCE_BYTES ? await blobs.get(sha256) : await blobs.stream(sha256);
    if (!content) throw new MissingContent(`The store has no content of ${path}.`);
    const draft = join(scratch, randomUUID());
    try {
      await writeFile(draft, content, { flag: 'wx', mode: 0o600 });
      await chmod(draft, mode);
      await clear(target, exists);
      await rename(draft, target);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    files.set(path, { look: lookOf(lstatSync(target, { bigint: true })), sha256 });
  }

  await folderAt(workspace, '', at, 0);
  fetches.reverse();
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let fetch = fetches.pop(); fetch; fetch = fetches.pop()) await fetch();
  });
  await Promise.all(workers);
  return { at, lookedAt, files, folders };
}

async function clear(path: string, exists: boolean): Promise<void> {
  if (exists) await rm(path, { recursive: true, force: true, maxRetries: 3 });
}
