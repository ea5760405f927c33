import { join } from 'node:path';
import type { S3Settings } from '../../store/bucket.ts';
import { folderStore } from '../../store/folder-store.ts';
import { s3Store } from '../../store/s3-store.ts';
import type { Store } from '../../store/store.ts';
import { type Cache, type CacheOptions, makeCache, noCache } from './cache.ts';
import { sqliteStore } from './sqlite-store.ts';

export type { Cache, Cached } from './cache.ts';
export { noCache } from './cache.ts';

/** What the configuration says of the cache. */
export interface CacheSettings {
  on: boolean;
  /** A folder that several machines share; without it a file in the state folder. */
  folder?: string;
  /** A bucket that several machines share, instead of a folder. */
  s3?: S3Settings;
  /** Answers older than this are looked up again. */
  maxAgeHours: number;
  /** What was written longer ago is removed. */
  keepDays: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The cache that the configuration asks for. What is too old is removed now and once a day. */
export function openCache(
  settings: CacheSettings,
  stateDir: string,
  options: Omit<CacheOptions, 'maxAgeMs'> = {},
): Cache {
  const { on, maxAgeHours, keepDays } = settings;
  if (!on) return noCache;
  const store = storeOf(settings, stateDir);
  const sweep = () => store.removeOlder?.(Date.now() - keepDays * DAY_MS).catch(() => {});
  void sweep();
  const daily = setInterval(sweep, DAY_MS);
  daily.unref();
  const cache = makeCache(store, { ...options, maxAgeMs: maxAgeHours * HOUR_MS });
  return {
    ...cache,
    close() {
      clearInterval(daily);
      cache.close();
    },
  };
}

function storeOf({ folder, s3 }: CacheSettings, stateDir: string): Store {
  if (s3) return s3Store(s3);
  return folder ? folderStore(folder) : sqliteStore(join(stateDir, 'cache', 'lookups.sqlite'));
}
