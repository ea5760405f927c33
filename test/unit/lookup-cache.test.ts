import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeCache, noCache } from '../../activities/cache/cache.ts';
import { openCache } from '../../activities/cache/index.ts';
import { sqliteStore } from '../../activities/cache/sqlite-store.ts';
import { folderStore } from '../../store/folder-store.ts';
import type { Store } from '../../store/store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cache-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const STORES: [string, () => Store][] = [
  ['a SQLite file', () => sqliteStore(join(folder, 'deeper', 'lookups.sqlite'))],
  ['a shared folder', () => folderStore(join(folder, 'deeper'))],
];

const text = (words: string) => new TextEncoder().encode(words);

describe.each(STORES)('%s', (_, open) => {
  test('gives what was put, with its time, to other workers as well', async () => {
    const cache = makeCache(open(), { maxAgeMs: 1000, now: () => 5000 });
    const other = makeCache(open(), { maxAgeMs: 1000, now: () => 6000 });
    await cache.put('query lamps', [{ title: '灯' }]);
    expect(await other.get('query lamps')).toEqual({ value: [{ title: '灯' }], storedAt: 5000 });
    expect(await other.get('query tides')).toBeUndefined();
    cache.close();
    other.close();
  });

  test('gives nothing that is too old, until it was put again', async () => {
    let now = 5000;
    const cache = makeCache(open(), { maxAgeMs: 1000, now: () => now });
    await cache.put('query lamps', 'first');
    now = 6001;
    expect(await cache.get('query lamps')).toBeUndefined();
    await cache.put('query lamps', 'second');
    expect(await cache.get('query lamps')).toEqual({ value: 'second', storedAt: 6001 });
    cache.close();
  });

  test('keeps pages by their hash, however old', async () => {
    let now = 5000;
    const cache = makeCache(open(), { maxAgeMs: 1000, now: () => now });
    const hash = await cache.putPage(text('A page.'));
    expect(hash).toBe('a3e9598afcbb780b8762059736913dd2a711b19723fe6194f1a76c3fba9f9785');
    expect(await cache.putPage(text('A page.'))).toBe(hash);
    expect(await cache.putPage(text('A page!'))).not.toBe(hash);
    now = 1e12;
    expect(new TextDecoder().decode(await cache.getPage(hash))).toBe('A page.');
    expect(await cache.getPage('0'.repeat(64))).toBeUndefined();
    expect(await cache.getPage('../../etc/passwd')).toBeUndefined();
    cache.close();
  });

  test('removes what was written before a time', async () => {
    const store = open();
    const cache = makeCache(store, { maxAgeMs: 1e12 });
    await cache.put('old', 1);
    await sleep(20);
    const between = Date.now();
    await sleep(20);
    await cache.put('new', 2);
    await store.removeOlder?.(between);
    expect([await cache.get('old'), (await cache.get('new'))?.value]).toEqual([undefined, 2]);
    cache.close();
  });
});

describe('a place that fails', () => {
  test('costs no look-up, and is told once an hour', async () => {
    let now = 0;
    const told: string[] = [];
    const broken: Store = {
      read: async () => {
        throw new Error('the disk is gone');
      },
      write: async () => {
        throw new Error('the disk is full');
      },
      close: () => {},
    };
    const cache = makeCache(broken, { maxAgeMs: 1, onProblem: (message) => told.push(message), now: () => now });
    await cache.put('query', 1);
    expect(await cache.get('query')).toBeUndefined();
    expect(await cache.putPage(text('A page.'))).toMatch(/^[0-9a-f]{64}$/);
    expect(told).toEqual(['The cache cannot be used: the disk is full']);
    now = 3_600_000;
    expect(await cache.getPage('0'.repeat(64))).toBeUndefined();
    expect(told).toHaveLength(2);
  });

  test('a damaged answer or page is none', async () => {
    const cache = makeCache(folderStore(folder), { maxAgeMs: 1e12 });
    await cache.put('query', 1);
    const hash = await cache.putPage(text('A page.'));
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
      /[0-9a-f]{64}$/.test(path),
    );
    expect(files).toHaveLength(2);
    for (const path of files) writeFileSync(join(folder, path), 'no gzip');
    expect(await cache.get('query')).toBeUndefined();
    expect(await cache.getPage(hash)).toBeUndefined();
  });

  test('a SQLite file that is none is made anew', async () => {
    const path = join(folder, 'lookups.sqlite');
    writeFileSync(path, 'This is no database, but long enough to be taken for the head of one. '.repeat(20));
    const cache = makeCache(sqliteStore(path), { maxAgeMs: 1e12 });
    await cache.put('query', 1);
    expect((await cache.get('query'))?.value).toBe(1);
    cache.close();
  });
});

describe('what the configuration asks for', () => {
  const settings = { on: true, maxAgeHours: 24, keepDays: 30 };

  test('without a folder a file below the state folder', async () => {
    const cache = openCache(settings, folder);
    await cache.put('query', 1);
    cache.close();
    expect(readdirSync(join(folder, 'cache'))).toContain('lookups.sqlite');
  });

  test('with one its files; what is past keeping is removed at the start', async () => {
    const shared = join(folder, 'shared');
    const first = openCache({ ...settings, folder: shared }, folder);
    const hash = await first.putPage(text('A page.'));
    first.close();
    const [path = ''] = readdirSync(shared, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith(hash),
    );
    const past = Date.now() / 1000 - 31 * 86_400;
    utimesSync(join(shared, path), past, past);
    const second = openCache({ ...settings, folder: shared }, folder);
    await expect.poll(() => second.getPage(hash)).toBeUndefined();
    second.close();
  });

  test('off keeps nothing, and still tells the hash of a page', async () => {
    const cache = openCache({ ...settings, on: false }, folder);
    await cache.put('query', 1);
    expect(await cache.get('query')).toBeUndefined();
    expect(await cache.putPage(text('A page.'))).toBe(await noCache.putPage(text('A page.')));
    expect(readdirSync(folder)).toEqual([]);
    cache.close();
  });
});
