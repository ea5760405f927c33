import { isUtf8 } from 'node:buffer';
import { type BigIntStats, constants, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Look } from './index-file.ts';
import { isName, staysInside } from './tree.ts';

/** What a workspace may hold to be saved. */
export interface SnapshotLimits {
  /** Files and folders. */
  entries: number;
  /** Of all files together. */
  bytes: number;
  /** Of one file; a larger one is left out. */
  fileBytes: number;
}

export const SNAPSHOT_LIMITS: SnapshotLimits = { entries: 20_000, bytes: 2 * 2 ** 30, fileBytes: 512 * 2 ** 20 };

/** A workspace that is too large to be saved, in a sentence for the model. */
export class TooLarge extends Error {
  override name = 'TooLarge';
}

/** A folder as it is on disk. */
export interface ScannedFolder {
  files: Map<string, Look>;
  links: Map<string, string>;
  folders: Map<string, ScannedFolder>;
}

export interface Scan {
  root: ScannedFolder;
  /** What cannot be saved, by path, with the reason. */
  leftOut: [path: string, why: string][];
}

/** Folders within each other. */
const DEEPEST = 100;

/** Entries that are looked at before others have their turn. */
const IN_A_ROW = 500;

/** Looks at everything in a workspace without following a link or opening a file. */
export async function scan(workspace: string, limits = SNAPSHOT_LIMITS): Promise<Scan> {
  const leftOut: Scan['leftOut'] = [];
  let entries = 0;
  let bytes = 0;

  async function folderAt(place: string, path: string, depth: number): Promise<ScannedFolder> {
    const found: ScannedFolder = { files: new Map(), links: new Map(), folders: new Map() };
    for (const raw of namesIn(place, path, leftOut)) {
      entries += 1;
      if (entries > limits.entries) {
        throw new TooLarge(`The working directory has more than ${limits.entries} files and folders`);
      }
      if (entries % IN_A_ROW === 0) await new Promise((resolve) => setImmediate(resolve));
      const name = raw.toString();
      const here = path + name;
      if (!isUtf8(raw) || !isName(name)) {
        leftOut.push([here, 'its name is not Unicode']);
        continue;
      }
      const stats = look(join(place, name), here, leftOut);
      if (!stats) continue;
      if (stats.isSymbolicLink()) {
        const target = readlinkSync(join(place, name), 'buffer');
        if (isUtf8(target) && staysInside(target.toString(), depth)) found.links.set(name, target.toString());
        else leftOut.push([here, 'it is a link that leads out of the working directory']);
      } else if (stats.isDirectory()) {
        if (depth < DEEPEST) found.folders.set(name, await folderAt(join(place, name), `${here}/`, depth + 1));
        else leftOut.push([here, `it has more than ${DEEPEST} folders above it`]);
      } else if (!stats.isFile()) {
        leftOut.push([here, 'it is neither a file nor a folder']);
      } else if (stats.size > limits.fileBytes) {
        leftOut.push([here, `it is larger than ${inWords(limits.fileBytes)}`]);
      } else {
        bytes += Number(stats.size);
        if (bytes > limits.bytes) throw new TooLarge(`The working directory holds more than ${inWords(limits.bytes)}`);
        found.files.set(name, lookOf(stats));
      }
    }
    return found;
  }

  return { root: await folderAt(workspace, '', 0), leftOut };
}

export const lookOf = (stats: BigIntStats): Look => [
  Number(stats.size),
  String(stats.mtimeNs),
  String(stats.ctimeNs),
  String(stats.ino),
  Number(stats.mode & 0o777n),
];

/**
 * Opens a regular file and proves on the open file that it lies where it should: whoever swaps a folder of the path
 * for a link between the look and the opening gains nothing. Undefined where it is not that file any more.
 *
 * @param root the workspace's real path
 */
export async function openInside(root: string, path: string): Promise<FileHandle | undefined> {
  const place = join(root, path);
  // Without waiting, for opening a named pipe waits for a writer.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(place, flags).catch((error: NodeJS.ErrnoException) => {
    if (['ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO'].includes(error.code ?? '')) return undefined;
    throw error;
  });
  if (!file) return undefined;
  try {
    const real = process.platform === 'linux' ? await readlink(`/proc/self/fd/${file.fd}`) : await realpath(place);
    if ((await file.stat()).isFile() && real === root + sep + path.split('/').join(sep)) return file;
  } catch {
    // Gone meanwhile.
  }
  await file.close();
  return undefined;
}

function namesIn(place: string, path: string, leftOut: Scan['leftOut']): Buffer[] {
  try {
    return readdirSync(place, { encoding: 'buffer' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (path === '' || !isReason(code)) throw error;
    if (code !== 'ENOENT') leftOut.push([path.slice(0, -1), `it cannot be read (${code})`]);
    return [];
  }
}

function look(place: string, path: string, leftOut: Scan['leftOut']): BigIntStats | undefined {
  try {
    return lstatSync(place, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!isReason(code)) throw error;
    leftOut.push([path, `it cannot be read (${code})`]);
    return undefined;
  }
}

const isReason = (code: string | undefined): boolean =>
  ['ENOENT', 'EACCES', 'EPERM', 'ENAMETOOLONG', 'ENOTDIR'].includes(code ?? '');

export const inWords = (bytes: number): string =>
  bytes >= 2 ** 30 ? `${bytes / 2 ** 30} GiB` : bytes >= 2 ** 20 ? `${bytes / 2 ** 20} MiB` : `${bytes} bytes`;
