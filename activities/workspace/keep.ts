import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Blobs, blobsIn } from '../../store/blobs.ts';
import { type Place, storeAt } from '../../store/place.ts';
import type { FileStore } from '../../store/store.ts';

/** What the configuration says of the store of files. */
export interface StoreSettings {
  place: Place;
  /** What was not used for so long is removed from a folder. */
  keepDays: number;
}

/** Where the files of all sessions are kept: given ones, snapshots and artifacts. */
export interface Kept {
  store: FileStore;
  /** Contents of files. */
  blobs: Blobs;
  /** Folders of snapshots. */
  trees: Blobs;
  /** For files on their way, on the disk of the workspaces. */
  scratch: string;
}

const DAY_MS = 24 * 3_600_000;

export const defaultPlace = (stateDir: string): Place => ({ folder: join(stateDir, 'store') });

/** Opens the store of files. What is too old is removed now and once a day. */
export function openKept(stateDir: string, settings?: StoreSettings): Kept {
  const store = storeAt(settings?.place ?? defaultPlace(stateDir));
  const scratch = join(stateDir, 'scratch');
  if (settings) {
    const sweep = async () => {
      await store.removeOlder?.(Date.now() - settings.keepDays * DAY_MS).catch(() => {});
      await removeUnfinished(scratch).catch(() => {});
    };
    void sweep();
    setInterval(sweep, DAY_MS).unref();
  }
  return { store, scratch, blobs: blobsIn(store, scratch), trees: blobsIn(store, scratch, 'trees') };
}

/** Files on their way that a worker had when it died. None is on its way for a day. */
async function removeUnfinished(scratch: string): Promise<void> {
  for (const name of await readdir(scratch)) {
    const path = join(scratch, name);
    const { mtimeMs } = await stat(path);
    if (mtimeMs < Date.now() - DAY_MS) await rm(path, { recursive: true, force: true });
  }
}
