import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unrecorded } from '../../activities/lookup/recorded.ts';
import { closeIndexes } from '../../activities/ranking/thread.ts';
import { joinBlocks } from '../../activities/tools/results/blocks.ts';
import { searchResults } from '../../activities/tools/results/search-results.ts';
import { makeSearchTool } from '../../activities/tools/search.ts';
import type { ToolContext } from '../../activities/tools/tool.ts';

const corpus = new URL('../fixtures/corpus', import.meta.url).pathname;
let corpusStateDir: string;

beforeAll(async () => {
  corpusStateDir = await mkdtemp(join(tmpdir(), 'search-'));
});

afterAll(async () => {
  await closeIndexes();
  await rm(corpusStateDir, { recursive: true });
});

const context = (more: Partial<ToolContext> = {}): ToolContext => ({
  callId: 'r1c1',
  recorded: unrecorded,
  signal: new AbortController().signal,
  workspace: corpusStateDir,
  corpus,
  ...more,
});

describe('the format of results', () => {
  test('hits with and without date and source, to the byte', () => {
    const text = searchResults('tide tables', [
      { title: 'One', url: 'a.md', snippet: 'first lines' },
      { title: 'Two', url: 'https://x.example/', snippet: 'second', published: '2025-03-09', source: 'x.example' },
      { title: 'Three', url: 'b%20c.md', snippet: '', published: new Date('2024-12-31T10:00:00Z') },
    ]);
    expect(text).toBe(
      "A Search for 'tide tables' found 3 results:\n\n## Web Results\n" +
        '1. [One](a.md)\n\nfirst lines\n\n' +
        '2. [Two](https://x.example/)\nDate published: Mar 9, 2025\nSource: x.example\n\nsecond\n\n' +
        '3. [Three](b%20c.md)\nDate published: Dec 31, 2024\n\n',
    );
  });

  test('queries are told apart by a line', () => {
    expect(joinBlocks([searchResults('a', [{ title: 'A', url: 'a', snippet: 's' }]), searchResults('b', [])])).toBe(
      "A Search for 'a' found 1 results:\n\n## Web Results\n1. [A](a)\n\ns\n\n-------\n\n" +
        "A Search for 'b' found 0 results:\n\n## Web Results\n\n" +
        'Nothing was found. Try other words, fewer words, or another language.',
    );
  });

  test.each([
    ['2017', '2017'],
    ['2017-06', '2017-06'],
    ['2017-06-02', 'Jun 2, 2017'],
    ['2017-06-02T23:59:00Z', 'Jun 2, 2017'],
    ['last week', 'last week'],
  ])('the date %s is shown as %s', (published, shown) => {
    expect(searchResults('q', [{ title: 't', url: 'u', snippet: 's', published }])).toContain(
      `](u)\nDate published: ${shown}\n\ns`,
    );
  });

  test.each([
    ['new Client(url[, options])', '[new Client(url[, options])](u)'],
    ['broken ] title', '[broken  title](u)'],
    ['two\nlines', '[two lines](u)'],
  ])('the title %j does not break the link', (title, link) => {
    expect(searchResults('q', [{ title, url: 'u', snippet: 's' }])).toContain(`1. ${link}\n`);
  });
});

describe('the tool', () => {
  const tool = () => makeSearchTool({ corpusStateDir });

  test('answers several queries in their order', async () => {
    const { text, sources } = await tool().run({ query: ['最高水位', 'zzqqxx'] }, context());
    const [first, second, ...more] = text.split('\n\n-------\n\n');
    expect(more).toEqual([]);
    expect(first).toMatch(
      /^A Search for '最高水位' found \d+ results:\n\n## Web Results\n1\. \[潮汐观测记录\]\(中文资料\/潮汐观测\.md\)\n\n/,
    );
    expect(second).toMatch(/^A Search for 'zzqqxx' found 0 results:/);
    expect(sources).toBeUndefined();
  });

  test('without a source of search it says so', async () => {
    const searching = tool().run({ query: ['x'] }, context({ corpus: undefined }));
    await expect(searching).rejects.toMatchObject({ name: 'ToolError', message: /No search source is configured/ });
  });

  test('stops when it is cancelled', async () => {
    const searching = tool().run({ query: ['x'] }, context({ signal: AbortSignal.abort(new Error('cancelled')) }));
    await expect(searching).rejects.toThrow('cancelled');
  });

  test.each<[unknown, string[]]>([
    ['one query', ['one query']],
    [
      ['a', ' b ', 'a', ''],
      ['a', 'b'],
    ],
    ['["a", "b"]', ['a', 'b']],
    ['[not a list', ['[not a list']],
    ['["broken]', ['["broken]']],
  ])('the query %j is read as %j', (query, expected) => {
    expect(tool().arguments.parse({ query })).toEqual({ query: expected });
  });

  test.each<[unknown, RegExp]>([
    [{}, /"query" must be a search query as a string, or a list/],
    [{ query: 5 }, /"query" must be/],
    [{ query: [1] }, /"query" must be/],
    [{ query: null }, /"query" must be/],
    [{ query: '' }, /"query" is empty/],
    [{ query: [] }, /"query" is empty/],
    [{ query: Array.from({ length: 31 }, (_, i) => `${i}`) }, /"query" has more than 30 entries/],
    ['text', /Expected an object with "query"/],
  ])('the arguments %j are refused', (written, message) => {
    const { success, error } = tool().arguments.safeParse(written);
    expect(success).toBe(false);
    expect(error?.issues.map((issue) => issue.message).join('\n')).toMatch(message);
  });
});
