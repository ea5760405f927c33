import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A file below the corpus folder, as the file system tells of it. Times are epoch milliseconds. */
export interface WalkedFile {
  /** Relative to the folder, with `/`. */
  path: string;
  size: number;
  modified: number;
  /** Time of the last change of content or metadata: unlike the time of modification, no program can set it back. */
  changed: number;
}

const SKIPPED_FOLDERS = new Set(['node_modules', '__pycache__']);

/**
 * All regular files below a folder, in the order of their paths. Left out are hidden files and folders, installed
 * packages, symbolic links (they may lead out of the folder), and what cannot be read.
 *
 * @param except absolute folders to leave out
 */
export async function* walk(root: string, except: string[] = [], signal?: AbortSignal): AsyncGenerator<WalkedFile> {
  yield* walkFolder(root, '', new Set(except), signal);
}

async function* walkFolder(
  root: string,
  below: string,
  except: ReadonlySet<string>,
  signal?: AbortSignal,
): AsyncGenerator<WalkedFile> {
  signal?.throwIfAborted();
  const folder = join(root, below);
  // A folder that vanished or is closed to us is left out; the folder itself must be there.
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
    if (below === '') throw error;
    return [];
  });
  const visible = entries.filter(({ name }) => !name.startsWith('.'));
  visible.sort((a, b) => (a.name < b.name ? -1 : 1));
  const files = visible.filter((entry) => entry.isFile());
  yield* await stats(
    root,
    below,
    files.map(({ name }) => name),
  );
  for (const { name } of visible.filter((entry) => entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name))) {
    if (!except.has(join(folder, name))) yield* walkFolder(root, `${below}${name}/`, except, signal);
  }
}

/** How many files are asked for at once: the thread pool takes no more, and a folder may have a million. */
const AT_ONCE = 64;

async function stats(root: string, below: string, names: string[]): Promise<WalkedFile[]> {
  const found: WalkedFile[] = [];
  for (let i = 0; i < names.length; i += AT_ONCE) {
    const batch = names.slice(i, i + AT_ONCE).map((name) => statFile(root, below + name));
    for (const file of await Promise.all(batch)) if (file) found.push(file);
  }
  return found;
}

/** A file's state, or `undefined` when there is no such regular file. */
export async function statFile(root: string, path: string): Promise<WalkedFile | undefined> {
  const stat = await lstat(join(root, path)).catch(() => undefined);
  if (!stat?.isFile()) return undefined;
  return { path, size: stat.size, modified: stat.mtimeMs, changed: stat.ctimeMs };
}
