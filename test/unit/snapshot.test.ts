import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { restoreSnapshot } from '../../activities/workspace/snapshot/restore.ts';
import { SNAPSHOT_LIMITS } from '../../activities/workspace/snapshot/scan.ts';
import { type Snapshots, takeSnapshot } from '../../activities/workspace/snapshot/take.ts';
import {
  changedFiles,
  EMPTY_TREE,
  encodeTree,
  MissingContent,
  newTree,
  staysInside,
} from '../../activities/workspace/snapshot/tree.ts';
import { blobsIn, sha256Of } from '../../store/blobs.ts';
import { folderStore } from '../../store/folder-store.ts';
import type { FileStore } from '../../store/store.ts';

let root = '';
let workspace = '';
let outside = '';
let store: FileStore;
let snapshots: Snapshots;
let written: string[] = [];

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'snapshot-')));
  workspace = join(root, 'workspace');
  outside = join(root, 'outside');
  mkdirSync(workspace);
  mkdirSync(outside);
  writeFileSync(join(outside, 'secret.txt'), 'secret');
  written = [];
  const inner = folderStore(join(root, 'store'));
  store = {
    ...inner,
    write: (name, bytes) => {
      written.push(name);
      return inner.write(name, bytes);
    },
  };
  const scratch = join(root, 'scratch');
  snapshots = { blobs: blobsIn(store, scratch), trees: blobsIn(store, scratch, 'trees') };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const put = (path: string, text: string | Uint8Array = path) => {
  mkdirSync(dirname(join(workspace, path)), { recursive: true });
  writeFileSync(join(workspace, path), text);
};
const take = (before?: Parameters<typeof takeSnapshot>[2], limits = SNAPSHOT_LIMITS) =>
  takeSnapshot(workspace, snapshots, before, limits);
const restore = (at: string, to = join(root, 'restored')) => restoreSnapshot(to, at, snapshots, join(root, 'scratch'));

/** All that a folder holds: kind, permissions, content or target. */
function contents(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const mode = (lstatSync(path).mode & 0o777).toString(8);
    const name = path.slice(folder.length + 1);
    if (entry.isSymbolicLink()) found[name] = `link ${readlinkSync(path)}`;
    else found[name] = entry.isDirectory() ? 'folder' : `${mode} ${sha256Of(readFileSync(path))}`;
  }
  return found;
}

test('a workspace comes back as it was: contents, permissions, links, empty folders, odd names', async () => {
  put('report.md', '# Report\n');
  put('data/数据.csv', '年,数\n');
  put('data/deep/er/a.bin', new Uint8Array(6 * 2 ** 20).fill(7));
  for (const name of [
    '__proto__',
    'constructor',
    ' blank ',
    'line\nend',
    '-rf',
    'ü',
    'u\u0308',
    '😀',
    'a\\b',
    '$(x)',
  ]) {
    put(name, name);
    put(`names/${name}/inner`, name);
  }
  put('empty.txt', '');
  put('run.sh', 'echo 1\n');
  chmodSync(join(workspace, 'run.sh'), 0o750);
  mkdirSync(join(workspace, 'empty', 'folder'), { recursive: true });
  symlinkSync('../report.md', join(workspace, 'data', 'link'));
  symlinkSync('data', join(workspace, 'folder-link'));
  symlinkSync('not/there', join(workspace, 'dangling'));
  const { index, leftOut } = await take();
  expect(leftOut).toEqual([]);
  const restored = await restore(index.at);
  expect(contents(join(root, 'restored'))).toEqual(contents(workspace));
  expect(restored.at).toBe(index.at);
  // What came back is known: a snapshot of it is the same.
  const again = await takeSnapshot(join(root, 'restored'), snapshots, restored);
  expect(again.index.at).toBe(index.at);
});

describe('only what changed', () => {
  /** Long enough ago for the clock of any file system. */
  const old = <T extends { index: { lookedAt: number } }>(taken: T) => ({
    ...taken.index,
    lookedAt: Date.now() + 10_000,
  });

  test('is read and written', async () => {
    for (let i = 0; i < 50; i += 1) put(`folder-${i % 5}/file-${i}.txt`, `file ${i}`);
    const first = await take();
    expect(first.read).toBe(50);
    written = [];
    put('folder-3/file-3.txt', 'changed');
    const second = await take(old(first) as never);
    expect(second.read).toBe(1);
    expect(second.index.at).not.toBe(first.index.at);
    // The content, the tree of its folder, and the root's.
    expect(written.map((name) => name.split('/')[0]).sort()).toEqual(['blobs', 'trees', 'trees']);
    written = [];
    const third = await take(old(second) as never);
    expect([third.read, third.index.at, written]).toEqual([0, second.index.at, []]);
    expect(await changedFiles(snapshots.trees, first.index.at, second.index.at)).toEqual([
      { path: 'folder-3/file-3.txt', sha256: sha256Of('changed'), bytes: 7 },
    ]);
  });

  test('a change that keeps size and time of modification is found', async () => {
    put('a.txt', 'one');
    const { atime, mtime } = statSync(join(workspace, 'a.txt'));
    const first = await take();
    put('a.txt', 'two');
    utimesSync(join(workspace, 'a.txt'), atime, mtime);
    expect((await take(first.index)).index.at).not.toBe(first.index.at);
  });

  test('a file that was written while it was looked at is looked at again', async () => {
    put('a.txt', 'one');
    const first = await take();
    expect((await take(first.index)).read).toBe(1);
  });

  test('what was removed or renamed is gone from the next', async () => {
    put('a/one.txt');
    put('b.txt');
    const first = await take();
    rmSync(join(workspace, 'a'), { recursive: true });
    const second = await take(first.index);
    await restore(first.index.at);
    await restore(second.index.at);
    expect(Object.keys(contents(join(root, 'restored')))).toEqual(['b.txt']);
  });
});

test('restoring into a folder with other things leaves nothing of them, and writes through nothing', async () => {
  put('a.txt', 'a');
  put('folder/b.txt', 'b');
  const { index } = await take();
  const target = join(root, 'restored');
  mkdirSync(join(target, 'a.txt'), { recursive: true });
  writeFileSync(join(target, 'other.txt'), 'x');
  symlinkSync(outside, join(target, 'folder'));
  linkSync(join(outside, 'secret.txt'), join(target, 'hard'));
  await restore(index.at);
  expect(contents(target)).toEqual(contents(workspace));
  expect(readdirSync(outside)).toEqual(['secret.txt']);
  expect(readFileSync(join(outside, 'secret.txt'), 'utf8')).toBe('secret');
});

test('a hard link into another place becomes a file of its own', async () => {
  linkSync(join(outside, 'secret.txt'), join(workspace, 'hard'));
  const { index } = await take();
  await restore(index.at);
  writeFileSync(join(root, 'restored', 'hard'), 'changed');
  expect(readFileSync(join(outside, 'secret.txt'), 'utf8')).toBe('secret');
});

describe('what leads out is left out, and said', () => {
  test.each([
    ['a link to an absolute path', () => symlinkSync(join(outside, 'secret.txt'), join(workspace, 'x'))],
    ['a link to a folder outside', () => symlinkSync('../outside', join(workspace, 'x'))],
    [
      'a link up too far from a folder',
      () => {
        mkdirSync(join(workspace, 'd'));
        symlinkSync('../../outside/secret.txt', join(workspace, 'd', 'x'));
      },
    ],
    [
      'a link that goes up after it went down',
      () => {
        symlinkSync('.', join(workspace, 'here'));
        symlinkSync('here/../outside', join(workspace, 'x'));
      },
    ],
    ['a named pipe', () => execFileSync('mkfifo', [join(workspace, 'x')])],
    [
      'a name that is not Unicode',
      () => writeFileSync(Buffer.concat([Buffer.from(`${workspace}/x`), Buffer.from([0xff])]), ''),
    ],
    ['a file that is too large', () => put('x', 'x'.repeat(200))],
  ])('%s', async (_, make) => {
    make();
    const { index, leftOut } = await take(undefined, { ...SNAPSHOT_LIMITS, fileBytes: 100 });
    expect(leftOut).toHaveLength(1);
    await restore(index.at);
    expect(Object.keys(contents(join(root, 'restored'))).filter((name) => name.endsWith('x'))).toEqual([]);
  });

  test.each([
    ['a', 0, true],
    ['./a/b', 0, true],
    ['../a', 1, true],
    ['..', 1, true],
    ['..', 0, false],
    ['../../a', 1, false],
    ['a/../b', 3, false],
    ['a/..', 3, false],
    ['/a', 3, false],
    ['', 3, false],
    ['a\0', 3, false],
    ['.././../a', 2, true],
  ])('a link to %j with %i folders above it: %s', (target, depth, inside) => {
    expect(staysInside(target, depth)).toBe(inside);
  });
});

test.each([
  ['entries', { entries: 3 }, 'has more than 3 files and folders'],
  ['bytes', { bytes: 10 }, 'holds more than 10 bytes'],
])('a workspace with too many %s is refused with a sentence', async (_, limits, sentence) => {
  for (const name of ['a', 'b', 'c/d']) put(name, 'xxxxx');
  await expect(take(undefined, { ...SNAPSHOT_LIMITS, ...limits })).rejects.toThrow(sentence);
});

describe('a snapshot that somebody has made up', () => {
  test.each([
    '..',
    '.',
    '',
    'a/b',
    '/etc/passwd',
    '../../x',
    'a\0b',
    '\ud800',
  ])('with the name %j is refused', async (name) => {
    const { sha256 } = await snapshots.blobs.put(new TextEncoder().encode('evil'));
    const tree = { ...newTree(), files: new Map([[name, [sha256, 4, 0o644] as [string, number, number]]]) };
    const { sha256: at } = await snapshots.trees.put(encodeTree(tree));
    await expect(restore(at)).rejects.toThrow(MissingContent);
    expect(readdirSync(outside)).toEqual(['secret.txt']);
  });

  test.each(['/etc', '../outside', 'a/../../outside'])('with a link to %j is refused', async (target) => {
    const { sha256: at } = await snapshots.trees.put(encodeTree({ ...newTree(), links: new Map([['x', target]]) }));
    await expect(restore(at)).rejects.toThrow(MissingContent);
  });

  test('with a part that is missing or damaged is refused', async () => {
    await expect(restore('0'.repeat(64))).rejects.toThrow(MissingContent);
    put('a.txt', 'a');
    const { index } = await take();
    await store.write(`blobs/${sha256Of('a')}`, new TextEncoder().encode('b'));
    await expect(restore(index.at)).rejects.toThrow('is damaged');
  });
});

test('an empty workspace needs no store', async () => {
  expect((await take()).index.at).toBe(EMPTY_TREE);
  expect(written).toEqual([]);
  await restore(EMPTY_TREE);
  expect(existsSync(join(root, 'restored'))).toBe(true);
});
