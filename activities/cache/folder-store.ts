import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Store } from './store.ts';

/** A folder that workers of several machines share. */
export function folderStore(root: string): Store {
  // Some file systems are slow with many files in one folder.
  const pathOf = (name: string) => {
    const [area = '', hash = ''] = name.split('/');
    return join(root, area, hash.slice(0, 2), hash);
  };
  return {
    read: (name) => readFile(pathOf(name)).catch(unlessMissing),

    async write(name, bytes) {
      const path = pathOf(name);
      await mkdir(dirname(path), { recursive: true });
      const draft = `${path}.${randomUUID()}`;
      try {
        await writeFile(draft, bytes, { flag: 'wx' });
        await rename(draft, path);
      } finally {
        await rm(draft, { force: true });
      }
    },

    async removeOlder(than) {
      for (const entry of await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])) {
        // Drafts of writers that died are older than any answer some day, too.
        if (!entry.isFile() || !/^[0-9a-f]{64}(?:\.[0-9a-f-]{36})?$/.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const stats = await stat(path).catch(unlessMissing);
        if (stats && stats.mtimeMs < than) await rm(path, { force: true });
      }
    },

    close: () => {},
  };
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
