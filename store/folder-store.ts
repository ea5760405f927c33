import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileStore } from './store.ts';

/** No file is written for as long, to the slowest disk. */
const DRAFT_MS = 24 * 3_600_000;

/** A folder, which several machines may share. */
export function folderStore(root: string): FileStore {
  // Some file systems are slow with many files in one folder.
  const pathOf = (name: string) => {
    const [area = '', hash = ''] = name.split('/');
    return join(root, area, hash.slice(0, 2), hash);
  };

  /** Makes the file beside its place and moves it there when it is whole. */
  async function place(name: string, make: (draft: string) => Promise<unknown>): Promise<void> {
    const path = pathOf(name);
    const draft = `${path}.${randomUUID()}`;
    try {
      await make(draft).catch(async (error: NodeJS.ErrnoException) => {
        // Nearly always the folder is there.
        if (error.code !== 'ENOENT') throw error;
        await mkdir(dirname(path), { recursive: true });
        await make(draft);
      });
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  return {
    read: (name) => readFile(pathOf(name)).catch(unlessMissing),
    write: (name, bytes) => place(name, (draft) => writeFile(draft, bytes, { flag: 'wx' })),

    async has(name) {
      const now = new Date();
      const found = await utimes(pathOf(name), now, now).then(() => true, unlessMissing);
      return found ?? false;
    },

    writeFile: (name, path) =>
      place(name, async (draft) => {
        // On another file system it has to be copied.
        await rename(path, draft).catch(() => copyFile(path, draft));
        // A file that was moved brings its own time, and a lifetime counts from now.
        const now = new Date();
        await utimes(draft, now, now);
      }),

    async stream(name) {
      const file = await open(pathOf(name)).catch(unlessMissing);
      return file?.createReadStream();
    },

    remove: (name) => rm(pathOf(name), { force: true }),

    async removeOlder(than) {
      for (const entry of await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])) {
        const named = entry.isFile() && /^[0-9a-f]{64}(\.[0-9a-f-]{36})?$/.exec(entry.name);
        if (!named) continue;
        const path = join(entry.parentPath, entry.name);
        const stats = await stat(path).catch(unlessMissing);
        // What a writer that died had begun is of no use to anybody.
        if (stats && stats.mtimeMs < (named[1] ? Math.max(than, Date.now() - DRAFT_MS) : than))
          await rm(path, { force: true });
      }
    },

    close: () => {},
  };
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
