import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeCache, noCache } from '../../activities/cache/cache.ts';
import { sqliteStore } from '../../activities/cache/sqlite-store.ts';
import { callRecords, unrecorded } from '../../activities/lookup/recorded.ts';
import { providersFrom } from '../../activities/providers/configured.ts';
import type { SearchKind } from '../../activities/providers/provider.ts';
import { createStanding } from '../../activities/providers/standing.ts';
import { closeIndexes } from '../../activities/ranking/thread.ts';
import { makeScholarTool } from '../../activities/tools/google-scholar.ts';
import { makeImageSearchTool } from '../../activities/tools/image-search.ts';
import { makeSearchTool } from '../../activities/tools/search.ts';
import type { ToolContext } from '../../activities/tools/tool.ts';
import { webSearch, webSearches } from '../../activities/tools/web-search.ts';
import { type Behaviour, withServer } from '../support/providers/local-server.ts';
import { openAlexService } from '../support/providers/scholar-services.ts';
import { KEY, NOTHING, serperService, wikipediaService } from '../support/providers/web-services.ts';

const CORPUS = new URL('../fixtures/corpus', import.meta.url).pathname;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'web-search-'));
});
afterEach(async () => {
  await closeIndexes();
  rmSync(folder, { recursive: true, force: true });
});
afterAll(closeIndexes);

const context = (more: Partial<ToolContext> = {}): ToolContext => ({
  callId: 'r1c1',
  recorded: unrecorded,
  signal: new AbortController().signal,
  workspace: folder,
  ...more,
});

/** Serper, then the Wikipedia or OpenAlex, all at one address. */
function providersOf(url: string, kind: SearchKind) {
  const providers = providersFrom(
    { SERPER_API_KEY: KEY },
    { baseUrls: { serper: url, wikipedia: `${url}/{language}`, openalex: url } },
  );
  return providers[kind].slice(0, 2);
}

const searchAt = (url: string, kind: SearchKind, cache = noCache) =>
  webSearch(providersOf(url, kind), cache, createStanding(Date.now));

const search = (url: string, cache = noCache, webBesideCorpus = false) =>
  makeSearchTool({ corpusStateDir: folder, web: searchAt(url, 'web', cache), webBesideCorpus });

test('sessions with one name share what their searches bring, also where nothing is kept', async () => {
  await withServer(serperService, async ({ url, requests }) => {
    const store = sqliteStore(join(folder, 'shared.db'));
    const shared = makeCache(store, { maxAgeMs: Number.POSITIVE_INFINITY });
    const find = webSearch(providersOf(url, 'web'), noCache, createStanding(Date.now), 1, shared);
    const tool = makeSearchTool({ corpusStateDir: folder, web: find });
    const ask = (sharedSearches?: string) =>
      tool.run({ query: ['paged attention'] }, context(sharedSearches === undefined ? {} : { sharedSearches }));
    const first = await ask('batch.1');
    const second = await ask('batch.1');
    expect(second.text).toBe(first.text);
    expect(second.lookups).toMatchObject([{ from: ['serper'], cachedForSeconds: expect.any(Number) }]);
    expect(requests).toHaveLength(1);
    await ask('batch.2');
    await ask();
    expect(requests).toHaveLength(3);
    store.close();
  });
});

const unavailable: Behaviour = () => ({ status: 503 });

describe('results, to the byte', () => {
  test('search', async () => {
    await withServer(serperService, async ({ url }) => {
      expect(await search(url).run({ query: ['paged attention', NOTHING] }, context())).toEqual({
        text:
          "A Search for 'paged attention' found 1 results:\n\n## Web Results\n" +
          '1. [vLLM](https://docs.vllm.ai/)\nDate published: Jun 20, 2023\n\nEasy, fast and cheap serving.' +
          '\n\n-------\n\n' +
          `A Search for '${NOTHING}' found 0 results:\n\n## Web Results\n\n` +
          'Nothing was found. Try other words, fewer words, or another language.',
        lookups: [
          { query: 'paged attention', from: ['serper'] },
          { query: NOTHING, from: [], failed: expect.stringContaining('wikipedia') },
        ],
      });
    });
  });

  test('google_scholar', async () => {
    await withServer(serperService, async ({ url }) => {
      const { text } = await makeScholarTool(searchAt(url, 'scholar')).run({ query: ['attention'] }, context());
      expect(text).toBe(
        "A Search for 'attention' found 1 results:\n\n## Web Results\n" +
          '1. [Attention is all you need](https://papers.example.org/attention)\n' +
          'Date published: 2017\nSource: Advances in neural …\n\n' +
          'Authors: A Vaswani, N Shazeer\nCited by: 99999\nFull text: https://papers.example.org/attention.pdf\n' +
          'The dominant sequence models …',
      );
    });
  });

  test('google_scholar, from a provider with whole abstracts', async () => {
    const behaviour: Behaviour = (request) =>
      request.path === '/scholar' ? { status: 503 } : openAlexService({ ...request, query: { ...request.query } });
    await withServer(behaviour, async ({ url }) => {
      const { text } = await makeScholarTool(searchAt(url, 'scholar')).run({ query: ['attention'] }, context());
      expect(text).toBe(
        "A Search for 'attention' found 2 results:\n\n## Web Results\n" +
          '1. [Attention in networks](https://doi.org/10.1000/xyz)\n' +
          'Date published: Jun 12, 2017\nSource: Journal of Tests\n\n' +
          'Authors: Ann One, Bo Two\nCited by: 12\nFull text: https://repo.example.org/1.pdf\n' +
          'We show attention works. We attention\n\n' +
          '2. [https://openalex.org/W2](https://openalex.org/W2)\n\n',
      );
    });
  });

  test('image_search', async () => {
    await withServer(serperService, async ({ url }) => {
      const { text } = await makeImageSearchTool(searchAt(url, 'images')).run({ query: ['cat'] }, context());
      expect(text).toBe(
        "A Search for 'cat' found 1 results:\n\n## Web Results\n" +
          '1. [A cat](https://img.example.org/cat.png)\nSource: Cats\n\n' +
          'Size: 800 x 600 pixels\nPage: https://img.example.org/page',
      );
    });
  });
});

describe('who is asked', () => {
  test('the next provider, where the first is out of order; the result tells people so', async () => {
    const behaviour: Behaviour = (request) =>
      request.path === '/search' ? { status: 503 } : wikipediaService(request);
    await withServer(behaviour, async ({ url }) => {
      const { text, lookups } = await search(url).run({ query: ['vllm'] }, context());
      expect(text).toMatch(/^A Search for 'vllm' found \d+ results:\n\n## Web Results\n1\. \[/);
      expect(lookups).toEqual([{ query: 'vllm', from: ['wikipedia'], failed: 'serper is out of order (status 503).' }]);
    });
  });

  test('several at once, where several are to be merged', async () => {
    const behaviour: Behaviour = (request) =>
      request.path === '/search' ? serperService(request) : wikipediaService(request);
    await withServer(behaviour, async ({ url, requests }) => {
      const providers = { ...providersFrom({}, {}), web: providersOf(url, 'web'), chosen: [], merge: 2 };
      const { web } = webSearches(providers, noCache);
      const { lookups, text } = await makeSearchTool({ corpusStateDir: folder, web }).run(
        { query: ['vllm'] },
        context(),
      );
      expect([requests.length, lookups]).toEqual([2, [{ query: 'vllm', from: ['serper', 'wikipedia'] }]]);
      expect(text).toMatch(/docs\.vllm\.ai[\s\S]*\/wiki\//);
    });
  });

  test('in the language and the country of each query', async () => {
    await withServer(serperService, async ({ url, requests }) => {
      await search(url).run({ query: ['paged attention', '显存优化'] }, context());
      const asked = requests.map(({ body }) => [body?.q, body?.hl, body?.gl]);
      expect(asked).toHaveLength(2);
      expect(asked).toEqual(
        expect.arrayContaining([
          ['paged attention', 'en', undefined],
          ['显存优化', 'zh-cn', 'cn'],
        ]),
      );
    });
  });
});

describe('nobody answers', () => {
  test('for good: one sentence a query, and the call has failed', async () => {
    await withServer(
      ({ path }) => (path === '/search' ? { status: 403, body: {} } : { body: 'no JSON' }),
      async ({ url }) => {
        await expect(search(url).run({ query: ['a', 'b'] }, context())).rejects.toMatchObject({
          name: 'ToolError',
          message:
            "The search for 'a' failed: no search provider could answer: serper refused the key in SERPER_API_KEY " +
            '(status 403); wikipedia answered with something that is not JSON.\n\n-------\n\n' +
            "The search for 'b' failed: no search provider could answer: serper refused the key in SERPER_API_KEY " +
            '(status 403); wikipedia answered with something that is not JSON.',
        });
      },
    );
  });

  test('for now: the call is to be tried again, and what was answered is not asked for again', async () => {
    let down = true;
    const behaviour: Behaviour = (request) =>
      request.body?.q === 'b' || request.query.srsearch === 'b'
        ? down
          ? { status: 503 }
          : serperService(request)
        : serperService(request);
    await withServer(behaviour, async ({ url, requests }) => {
      const once = () =>
        search(url).run({ query: ['a', 'b'] }, context({ recorded: callRecords(folder, 'session', 'r1c1') }));
      const error = await once().catch((reason) => reason);
      expect(error).toMatchObject({ name: 'TryLater', afterMs: undefined });
      expect(error.output.text).toMatch(
        /^A Search for 'a' found 1 results:[\s\S]*The search for 'b' failed: no search/,
      );
      expect(error.output).not.toHaveProperty('failed');
      down = false;
      expect((await once()).text).toMatch(/^A Search for 'a' found 1 [\s\S]*A Search for 'b' found 1 results:/);
      expect(requests.filter(({ body }) => body?.q === 'a')).toHaveLength(1);
    });
  });

  test.each([
    ['a short wait is kept', '20', 20_000],
    ['a long one is not', '600', undefined],
  ])('%s', async (_, seconds, afterMs) => {
    await withServer(
      () => ({ status: 429, headers: { 'retry-after': seconds } }),
      async ({ url }) => {
        const ran = await search(url)
          .run({ query: ['a'] }, context())
          .catch((reason) => reason);
        if (afterMs) expect(ran).toMatchObject({ name: 'TryLater', afterMs });
        else expect(ran).toMatchObject({ name: 'ToolError', message: expect.stringMatching(/asks to wait 600 s/) });
      },
    );
  });
});

describe('beside a folder of documents', () => {
  test('the web is not asked, unless somebody has chosen who is', async () => {
    await withServer(serperService, async ({ url, requests }) => {
      const { text, lookups } = await search(url).run({ query: ['lamps'] }, context({ corpus: CORPUS }));
      expect([requests.length, lookups]).toEqual([0, undefined]);
      expect(text).toMatch(/harbour-lamps\.md/);
    });
  });

  test("the folder's documents come first, then the pages", async () => {
    await withServer(serperService, async ({ url }) => {
      const tool = search(url, noCache, true);
      const { text, lookups } = await tool.run({ query: ['lamps'] }, context({ corpus: CORPUS }));
      expect(text.indexOf('harbour-lamps.md')).toBeGreaterThan(0);
      expect(text.indexOf('https://docs.vllm.ai/')).toBeGreaterThan(text.indexOf('harbour-lamps.md'));
      expect(lookups).toEqual([{ query: 'lamps', from: ['serper'] }]);
    });
  });

  test('the documents are enough where the web cannot be asked', async () => {
    await withServer(unavailable, async ({ url }) => {
      const tool = search(url, noCache, true);
      const { text, failed, lookups } = await tool.run({ query: ['lamps'] }, context({ corpus: CORPUS }));
      expect(failed).toBeUndefined();
      expect(text).toMatch(/harbour-lamps\.md/);
      expect(lookups?.[0]?.failed).toMatch(/serper is out of order/);
      await expect(tool.run({ query: ['zzqqxx'] }, context({ corpus: CORPUS }))).rejects.toThrow(/out of order/);
    });
  });
});

describe('cache', () => {
  test('another session gets the answer of the first, and people are told its age', async () => {
    let now = 1e12;
    const cache = makeCache(sqliteStore(join(folder, 'lookups.sqlite')), { maxAgeMs: 3_600_000, now: () => now });
    await withServer(serperService, async ({ url, requests }) => {
      const first = await search(url, cache).run({ query: ['vllm'] }, context());
      now = Date.now();
      await cache.put('unrelated', 1);
      const aged = await search(url, cache).run({ query: ['vllm'] }, context());
      expect(requests).toHaveLength(2);
      const second = await search(url, cache).run({ query: ['vllm'] }, context());
      expect(requests).toHaveLength(2);
      expect(second.text).toBe(first.text);
      expect(aged.lookups).toEqual([{ query: 'vllm', from: ['serper'] }]);
      expect(second.lookups).toEqual([{ query: 'vllm', from: ['serper'], cachedForSeconds: expect.any(Number) }]);
    });
    cache.close();
  });

  test('what another version has put there counts for nothing', async () => {
    const cache = makeCache(sqliteStore(join(folder, 'lookups.sqlite')), { maxAgeMs: 3_600_000 });
    const odd = { ...cache, get: async () => ({ value: [{ name: 'no hit' }], storedAt: 1 }) };
    await withServer(serperService, async ({ url, requests }) => {
      expect((await search(url, odd).run({ query: ['vllm'] }, context())).text).toMatch(/found 1 results/);
      expect(requests).toHaveLength(1);
    });
    cache.close();
  });
});
