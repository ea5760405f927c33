import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openCorpus } from '../../activities/corpus/corpus.ts';

const run = promisify(execFile);
const CORPUS = new URL('../../activities/corpus/corpus.ts', import.meta.url).href;

/** Indexes a folder as another worker would, and prints the report. */
const INDEXER = `
  const [corpus, folder, stateDir] = process.argv.slice(1);
  const { openCorpus } = await import(corpus);
  const opened = await openCorpus(folder, { stateDir });
  console.log(JSON.stringify(await opened.refresh()));
  opened.close();
`;

let base: string;
let folder: string;
let stateDir: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'corpus-two-'));
  folder = join(base, 'folder');
  stateDir = join(base, 'state');
  await mkdir(folder);
});

afterEach(() => rm(base, { recursive: true }));

const indexer = async () => {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', INDEXER, CORPUS, folder, stateDir]);
  return JSON.parse(stdout) as { files: number; read: number; removed: number };
};

test('processes that index one folder at once make one sound index of it', async () => {
  const files = 400;
  for (let i = 0; i < files; i++) {
    await writeFile(join(folder, `${i}.md`), `# Number ${i}\n\n${`word${i} common text of some length. `.repeat(60)}`);
  }
  const reports = await Promise.all([indexer(), indexer(), indexer()]);
  for (const report of reports) expect(report).toMatchObject({ files, removed: 0 });

  const corpus = await openCorpus(folder, { stateDir });
  expect(await corpus.refresh()).toEqual({ files, read: 0, removed: 0 });
  expect(corpus.size()).toBe(files);
  for (const i of [0, 57, 199, 399]) {
    expect(corpus.search(`word${i}`).map(({ url }) => url)).toEqual([`${i}.md`]);
    expect(corpus.read(`${i}.md`)?.text).toMatch(new RegExp(`^# Number ${i}\n`));
  }
  corpus.close();

  const [name] = await readdir(stateDir);
  const db = new DatabaseSync(join(stateDir, name!));
  expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  const stray = 'SELECT count(*) AS n FROM passages WHERE document NOT IN (SELECT id FROM documents)';
  expect(db.prepare(stray).get()).toEqual({ n: 0 });
  const range =
    'SELECT sum(last_passage - first_passage + 1) AS ranges, (SELECT count(*) FROM passages) AS passages FROM documents';
  const { ranges, passages } = db.prepare(range).get() as { ranges: number; passages: number };
  expect(ranges).toBe(passages);
  db.close();
});

test('a search goes on while another process writes', async () => {
  await writeFile(join(folder, 'first.md'), 'apricots');
  const corpus = await openCorpus(folder, { stateDir });
  await corpus.refresh();
  for (let i = 0; i < 300; i++) await writeFile(join(folder, `${i}.md`), `common ${i} `.repeat(300));
  let done = false;
  const other = indexer().finally(() => {
    done = true;
  });
  let searches = 0;
  while (!done) {
    expect(corpus.search('apricots').map(({ url }) => url)).toEqual(['first.md']);
    searches++;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(await other).toEqual({ files: 301, read: 300, removed: 0 });
  expect(searches).toBeGreaterThan(0);
  expect(corpus.size()).toBe(301);
  corpus.close();
});
