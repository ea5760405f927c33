import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unrecorded } from '../../activities/lookup/recorded.ts';
import { closeIndexes } from '../../activities/ranking/thread.ts';
import { visitResult } from '../../activities/tools/results/visit-results.ts';
import { type ToolContext, ToolError } from '../../activities/tools/tool.ts';
import { makeVisitTool } from '../../activities/tools/visit.ts';

const VELLMAR = new URL('../fixtures/corpus', import.meta.url).pathname;
const UNDICI = new URL('../../node_modules/undici/docs', import.meta.url).pathname;
let corpusStateDir: string;

beforeAll(async () => {
  corpusStateDir = await mkdtemp(join(tmpdir(), 'visit-'));
});

afterAll(async () => {
  await closeIndexes();
  await rm(corpusStateDir, { recursive: true });
});

const context = (corpus?: string): ToolContext => ({
  callId: 'r1c1',
  recorded: unrecorded,
  signal: new AbortController().signal,
  workspace: corpusStateDir,
  corpus,
});

const visit = (url: string[], goal: string, corpus: string | undefined = VELLMAR) =>
  makeVisitTool({ corpusStateDir }).run({ url, goal }, context(corpus));

test('the format of a result, to the byte', () => {
  expect(visitResult({ url: 'a.md', goal: 'the default', evidence: 'It is 90.', summary: 'A note.' })).toBe(
    'The useful information in a.md for user goal the default as follows: \n\n' +
      'Evidence in page: \nIt is 90.\n\n' +
      'Summary: \nA note.',
  );
});

describe('documents of the folder', () => {
  test('a short one is shown whole', async () => {
    const { text, sources } = await visit(['notes/keeper-log.txt'], 'What happened to lamp seven?');
    expect(text).toBe(
      'The useful information in notes/keeper-log.txt for user goal What happened to lamp seven? as follows: \n\n' +
        'Evidence in page: \nLog of the night keeper\n\n' +
        'Second of March. Fog from eleven until four. Lamp seven went dark, the bell rang after a\n' +
        'minute and a half. A gull had nested in the chimney.\n\n' +
        'Third of March. Clear. Nothing to report but a seal on the slipway.\n\n' +
        'Summary: \n"Log of the night keeper" (notes/keeper-log.txt) is a plain text file of 236 characters, shown whole.',
    );
    expect(sources).toEqual([{ url: 'notes/keeper-log.txt', title: 'Log of the night keeper' }]);
  });

  test('of a long one the passages for the goal are shown, with their sections', async () => {
    const goal = 'How is the body timeout set, and what is its default?';
    const { text, sources } = await visit(['docs/api/Client.md'], goal, UNDICI);
    expect(text).toContain(`for user goal ${goal} as follows: \n\nEvidence in page: \n[Client > `);
    expect(text).toMatch(/`bodyTimeout` \{number\|null\}[^*]*\*\*Default:\*\*\s+`300e3`/);
    expect(text).toMatch(
      /Summary: \n"Client" \(docs\/api\/Client\.md\) is a Markdown document of [\d,]+ characters\. The evidence is/,
    );
    expect(text).toMatch(/the other [\d,]+ characters are left out\.$/);
    expect(text.length).toBeLessThan(7500);
    expect(sources).toEqual([{ url: 'docs/api/Client.md', title: 'Client' }]);
  });

  test('without a goal it is the document from its beginning', async () => {
    const { text } = await visit(['docs/api/Dispatcher.md'], '', UNDICI);
    expect(text).toMatch(
      /^The useful information in docs\/api\/Dispatcher\.md for user goal the whole document as follows/,
    );
    expect(text).toContain('Evidence in page: \n# Dispatcher');
    expect(text).toContain('The evidence is its beginning');
    expect(text.length).toBeGreaterThan(15_000);
  });

  test('pages of a PDF are named', async () => {
    const { text } = await visit(['mole-repair.pdf'], 'cement');
    expect(text).toMatch(/\[Page 1\]\nRepair of the north mole[\s\S]*\[Page 2\]\nStage two[\s\S]*\[Page 3\]\n中文摘要/);
  });

  test('several are told apart, and one that is not there does not spoil the others', async () => {
    const { text, sources } = await visit(['notes/harbor-lamps.md', '中文资料/茶叶储存.txt'], '绿茶');
    const [first, second] = text.split('\n\n-------\n\n');
    expect(first).toMatch(
      /^There is no document "notes\/harbor-lamps\.md" in the folder\. The closest are: notes\/harbour-lamps\.md[,.]/,
    );
    expect(second).toContain('绿茶应放在密封罐中');
    expect(sources).toEqual([{ url: '中文资料/茶叶储存.txt', title: '茶叶储存方法' }]);
  });
});

describe('what cannot be opened is a sentence', () => {
  test.each<[string, string | undefined, RegExp]>([
    ['https://x.example/', VELLMAR, /this worker does not open web pages/],
    ['HTTP://x.example/', undefined, /this worker does not open web pages/],
    ['notes/keeper-log.txt', undefined, /this worker does not open web pages/],
    [
      'zzz/qqq.xyz',
      VELLMAR,
      /^There is no document "zzz\/qqq\.xyz" in the folder\. Use an address from the search results\.$/,
    ],
    ['../secret', VELLMAR, /contains "\.\."/],
    ['file:///etc/passwd', VELLMAR, /cannot be opened: it has a scheme/],
  ])('%s', async (url, corpus, sentence) => {
    const tool = makeVisitTool({ corpusStateDir });
    const opening = tool.run({ url: [url], goal: 'x' }, context(corpus));
    await expect(opening).rejects.toMatchObject({ name: 'ToolError', message: expect.stringMatching(sentence) });
  });
});

describe('web pages go to their opener', () => {
  test('with the goal, and in the order of the call', async () => {
    const tool = makeVisitTool({
      corpusStateDir,
      openWebPage: async (url, goal) => {
        if (url.endsWith('/gone')) throw new ToolError(`${url} is gone.`);
        return { evidence: `about ${goal}`, summary: 'short', source: { url, title: 'Page' } };
      },
    });
    const urls = ['https://x.example/a', 'https://x.example/gone', 'notes/keeper-log.txt'];
    const { text, sources } = await tool.run({ url: urls, goal: 'lamps' }, context(VELLMAR));
    const blocks = text.split('\n\n-------\n\n');
    expect(blocks[0]).toContain('Evidence in page: \nabout lamps');
    expect(blocks[1]).toBe('https://x.example/gone is gone.');
    expect(blocks[2]).toContain('Lamp seven went dark');
    expect(sources?.map(({ url }) => url)).toEqual(['https://x.example/a', 'notes/keeper-log.txt']);
  });

  test('a fault of the opener is not taken for an answer', async () => {
    const openWebPage = async () => {
      throw new Error('connection lost');
    };
    const tool = makeVisitTool({ corpusStateDir, openWebPage });
    const opening = tool.run({ url: ['https://x.example/'], goal: '' }, context());
    await expect(opening).rejects.toThrow('connection lost');
  });
});

test('arguments are normalised, and errors name the argument', () => {
  const { arguments: schema } = makeVisitTool({ corpusStateDir });
  expect(schema.parse({ url: 'a.md' })).toEqual({ url: ['a.md'], goal: '' });
  expect(schema.parse({ url: ['a.md', 'b.md'], goal: ' g ' })).toEqual({ url: ['a.md', 'b.md'], goal: 'g' });
  expect(schema.parse({ url: 'a.md', goal: null })).toEqual({ url: ['a.md'], goal: '' });
  expect(schema.safeParse({ goal: 'x' }).error?.issues[0]?.message).toMatch(/^"url" must be/);
  expect(schema.safeParse({ url: 'a', goal: ['x'] }).error?.issues[0]?.message).toMatch(/^"goal" must be a string/);
});
