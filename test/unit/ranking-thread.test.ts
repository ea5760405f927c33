import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeIndexes, inThread } from '../../activities/ranking/thread.ts';
import { bestPassages } from '../../activities/reading/best-passages.ts';
import { findVerbatim } from '../../activities/reading/find-verbatim.ts';

let stateDir: string;
let folder: string;
beforeAll(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'ranking-'));
  folder = mkdtempSync(join(tmpdir(), 'ranking-documents-'));
  writeFileSync(join(folder, 'gulls.md'), '# Gulls\n\nA gull eats what it finds.');
});
afterAll(async () => {
  await closeIndexes();
  for (const each of [stateDir, folder]) rmSync(each, { recursive: true });
});

const long = Array.from({ length: 20_000 }, (_, line) => `Line ${line} speaks of gull number ${line % 97}.`).join(
  '\n\n',
);

test('while a long page is ranked, the worker goes on with other things', async () => {
  let done = false;
  let turns = 0;
  const ranked = bestPassages({ kind: 'html', text: long }, 'gull number 42', 6000).then((evidence) => {
    done = true;
    return evidence;
  });
  while (!done) {
    turns += 1;
    await new Promise((next) => setImmediate(next));
  }
  expect((await ranked).choice).toBe('matching');
  expect((await ranked).passages[0]?.text).toContain('gull number 42');
  // In this thread there would be none between the beginning and the end.
  expect(turns).toBeGreaterThan(10);
});

test('a folder is searched and its documents are opened there', async () => {
  const at = { folder, stateDir };
  const hits = await inThread('search', { ...at, queries: ['gull', 'whale'], limit: 3 });
  expect(hits.map((found) => found.map(({ title, modified }) => [title, modified instanceof Date]))).toEqual([
    [['Gulls', true]],
    [],
  ]);
  expect((await inThread('open', { ...at, url: 'gulls.md', goal: '' })).evidence).toContain('A gull eats');
  await expect(inThread('open', { ...at, url: 'gull.md', goal: '' })).rejects.toMatchObject({
    name: 'ToolError',
    message: 'There is no document "gull.md" in the folder. The closest are: gulls.md.',
  });
});

test('quotes are found in a long page as in a short one', async () => {
  const quotes = [['Line 7 speaks of gull number 7.', 'Line 7 speaks of whales.'], ['line 19999 speaks']];
  const [first, second] = await findVerbatim(long, quotes);
  const shown = [...(first ?? []), ...(second ?? [])].map(({ start, end }) => long.slice(start, end));
  expect(shown).toEqual(['Line 7 speaks of gull number 7.', 'Line 19999 speaks']);
});

test('an abort is not waited for', async () => {
  const stop = new AbortController();
  const ranked = bestPassages({ kind: 'html', text: long }, 'gull', 6000, stop.signal);
  stop.abort(new Error('CANCELLED'));
  await expect(ranked).rejects.toThrow('CANCELLED');
});
