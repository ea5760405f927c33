import { mkdir, mkdtemp, readdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Corpus, openCorpus } from '../../activities/corpus/corpus.ts';
import { closeSharedCorpora, sharedCorpus } from '../../activities/corpus/shared-corpus.ts';

let base: string;
let folder: string;
let stateDir: string;
let opened: Corpus[];

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'corpus-refresh-'));
  folder = join(base, 'folder');
  stateDir = join(base, 'state');
  opened = [];
  await mkdir(folder);
});

afterEach(async () => {
  await closeSharedCorpora();
  for (const corpus of opened) corpus.close();
  await rm(base, { recursive: true });
});

async function open(options = {}): Promise<Corpus> {
  const corpus = await openCorpus(folder, { stateDir, ...options });
  opened.push(corpus);
  return corpus;
}

async function write(path: string, text: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

const found = (corpus: Corpus, query: string) => corpus.search(query).map(({ url }) => url);

describe('a folder that changes', () => {
  test('new, changed, renamed and removed files are noticed, and the others are not read again', async () => {
    await write('a.md', '# Alpha\n\napricots');
    await write('b/b.md', '# Beta\n\nblueberries');
    const corpus = await open();
    expect(await corpus.refresh()).toEqual({ files: 2, read: 2, removed: 0 });
    expect(await corpus.refresh()).toEqual({ files: 2, read: 0, removed: 0 });

    await write('c.md', 'cherries');
    expect(await corpus.refresh()).toEqual({ files: 3, read: 1, removed: 0 });
    expect(found(corpus, 'cherries')).toEqual(['c.md']);

    await write('a.md', '# Alpha\n\navocados');
    expect(await corpus.refresh()).toEqual({ files: 3, read: 1, removed: 0 });
    expect(found(corpus, 'apricots')).toEqual([]);
    expect(found(corpus, 'avocados')).toEqual(['a.md']);
    expect(corpus.read('a.md')?.text).toBe('# Alpha\n\navocados');

    await rename(join(folder, 'b'), join(folder, 'd'));
    expect(await corpus.refresh()).toEqual({ files: 3, read: 1, removed: 1 });
    expect(found(corpus, 'blueberries')).toEqual(['d/b.md']);
    expect(corpus.read('b/b.md')).toBeUndefined();

    await rm(join(folder, 'c.md'));
    expect(await corpus.refresh()).toEqual({ files: 2, read: 0, removed: 1 });
    expect(found(corpus, 'cherries')).toEqual([]);
    expect(corpus.size()).toBe(2);
  });

  test('a change is noticed even where size and time of modification stay', async () => {
    const time = new Date('2024-05-06T07:08:09Z');
    await write('a.md', 'apples');
    await utimes(join(folder, 'a.md'), time, time);
    const corpus = await open();
    await corpus.refresh();
    await write('a.md', 'grapes');
    await utimes(join(folder, 'a.md'), time, time);
    await corpus.refresh();
    expect(found(corpus, 'grapes')).toEqual(['a.md']);
    expect(found(corpus, 'apples')).toEqual([]);
  });

  test('the index outlives the process that made it', async () => {
    await write('a.md', 'apricots');
    await (await open()).refresh();
    const again = await open();
    expect(found(again, 'apricots')).toEqual(['a.md']);
    expect((await again.refresh()).read).toBe(0);
  });

  test('a refresh that was cut short keeps what it did, and goes on from there', async () => {
    for (let i = 0; i < 120; i++) await write(`${i}.md`, `document ${i}`);
    const corpus = await open();
    const abort = new AbortController();
    const cutShort = corpus.refresh(abort.signal, ({ done }) => done >= 60 && abort.abort(new Error('enough')));
    await expect(cutShort).rejects.toThrow('enough');
    expect(corpus.size()).toBe(50);
    expect((await corpus.refresh()).read).toBe(70);
    expect(corpus.size()).toBe(120);
  });

  test('progress goes up to the number of changed files', async () => {
    for (let i = 0; i < 3; i++) await write(`${i}.md`, `document ${i}`);
    const seen: number[] = [];
    await (await open()).refresh(undefined, ({ done, total }) => seen.push(done, total));
    expect(seen).toEqual([0, 3, 1, 3, 2, 3, 3, 3]);
  });
});

describe('what is left out', () => {
  test('hidden files, installed packages, links, and the index itself', async () => {
    stateDir = join(folder, 'state');
    await write('a.md', 'apricots');
    await write('.hidden/a.md', 'apricots');
    await write('.hidden.md', 'apricots');
    await write('node_modules/p/a.md', 'apricots');
    await write('sub/node_modules/p/a.md', 'apricots');
    await symlink(join(folder, 'a.md'), join(folder, 'link.md'));
    await symlink(folder, join(folder, 'loop'));
    const corpus = await open();
    expect((await corpus.refresh()).files).toBe(1);
    expect((await corpus.refresh()).read).toBe(0);
    expect(found(corpus, 'apricots')).toEqual(['a.md']);
  });

  test('a folder that became a link no longer counts', async () => {
    await write('sub/a.md', 'apricots');
    const corpus = await open();
    await corpus.refresh();
    await rename(join(folder, 'sub'), join(base, 'elsewhere'));
    await symlink(join(base, 'elsewhere'), join(folder, 'sub'));
    expect(await corpus.refresh()).toEqual({ files: 0, read: 0, removed: 1 });
  });

  test('files that are binary or too large are told apart from those that are not there', async () => {
    await write('photo.png', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'));
    await write('huge.txt', 'x'.repeat(5000));
    const corpus = await open({ maxBytes: 4000 });
    expect(await corpus.refresh()).toEqual({ files: 2, read: 2, removed: 0 });
    expect((await corpus.refresh()).read).toBe(0);
    expect(corpus.size()).toBe(0);
    expect(corpus.read('photo.png')).toBeUndefined();
    expect(corpus.whyUnread('photo.png')).toMatch(/^photo\.png is an image/);
    expect(corpus.whyUnread('huge.txt')).toMatch(/^huge\.txt is too large/);
    expect(corpus.whyUnread('other.txt')).toBeUndefined();
  });
});

describe('odd folders', () => {
  test('an empty folder and empty files are no fault', async () => {
    const corpus = await open();
    expect(await corpus.refresh()).toEqual({ files: 0, read: 0, removed: 0 });
    expect(corpus.search('anything')).toEqual([]);
    await write('empty.md', '');
    await write('blank.txt', ' \n\n ');
    await corpus.refresh();
    expect(corpus.read('empty.md')?.text).toBe('');
    expect(corpus.read('blank.txt')?.text).toBe(' \n\n ');
    expect(corpus.passages('empty.md', 'goal', 100)?.passages).toEqual([]);
  });

  test('a folder that is not there is a sentence without its path', async () => {
    const opening = openCorpus(join(base, 'nowhere'), { stateDir });
    await expect(opening).rejects.toThrow('The folder of documents is not there');
    await expect(opening).rejects.not.toThrow(base);
  });

  test('a damaged index is made anew', async () => {
    await write('a.md', 'apricots');
    await (await open()).refresh();
    opened.pop()!.close();
    for (const name of await readdir(stateDir)) await writeFile(join(stateDir, name), 'no database at all'.repeat(500));
    const corpus = await open();
    expect((await corpus.refresh()).read).toBe(1);
    expect(found(corpus, 'apricots')).toEqual(['a.md']);
  });
});

describe('one corpus for all calls of a process', () => {
  /** After a few turns of the event loop the refresh runs, and a hundred files take it many more. */
  async function abortSoon(abort: AbortController): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await setImmediate();
    abort.abort(new Error('stop'));
  }

  test('calls at once share it, and it is up to date', async () => {
    await write('a.md', 'apricots');
    const corpora = await Promise.all(Array.from({ length: 5 }, () => sharedCorpus(folder, { stateDir })));
    expect(new Set(corpora).size).toBe(1);
    expect(found(corpora[0]!, 'apricots')).toEqual(['a.md']);
  });

  test('a call that is aborted fails alone', async () => {
    for (let i = 0; i < 100; i++) await write(`${i}.md`, `document ${i}`);
    const abort = new AbortController();
    const first = sharedCorpus(folder, { stateDir }, abort.signal);
    const second = sharedCorpus(folder, { stateDir });
    await abortSoon(abort);
    await expect(first).rejects.toThrow('stop');
    expect((await second).size()).toBe(100);
  });

  test('an aborted refresh does not spoil the next call', async () => {
    for (let i = 0; i < 100; i++) await write(`${i}.md`, `document ${i}`);
    const abort = new AbortController();
    const call = sharedCorpus(folder, { stateDir }, abort.signal);
    await abortSoon(abort);
    await expect(call).rejects.toThrow('stop');
    expect((await sharedCorpus(folder, { stateDir })).size()).toBe(100);
  });
});
