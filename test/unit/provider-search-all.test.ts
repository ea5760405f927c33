import { describe, expect, test } from 'vitest';
import { ProviderError } from '../../activities/providers/failure.ts';
import type { Provider, SearchHit, SearchQuery } from '../../activities/providers/provider.ts';
import { createSearcher, type SearchAllOptions, type SearchCache } from '../../activities/providers/search-all.ts';

const SIGNAL = new AbortController().signal;

const hitsOf = (provider: string, ...paths: string[]): SearchHit[] =>
  paths.map((path) => ({ title: path, url: `https://example.org/${path}`, snippet: '', provider }));

type Step = SearchHit[] | ProviderError | Error;

/** A provider that does these things one after another, and the last one for ever; it keeps what it was asked. */
function scripted(name: string, ...steps: Step[]) {
  const asked: SearchQuery[] = [];
  const provider: Provider = {
    name,
    kind: 'web',
    async search(query) {
      asked.push(query);
      const step = steps[Math.min(asked.length, steps.length) - 1]!;
      if (step instanceof Error) throw step;
      return step;
    },
  };
  return { provider, asked };
}

/** A clock that only waiting moves. */
function clock() {
  let time = 1_000_000;
  const waits: number[] = [];
  const options: SearchAllOptions = {
    now: () => time,
    wait: async (ms) => {
      waits.push(ms);
      time += ms;
    },
  };
  return { options, waits, pass: (ms: number) => (time += ms) };
}

const tooOften = (name: string, retryAfterMs?: number) =>
  new ProviderError('rate-limited', name, `${name} is asked too often.`, { retryAfterMs });
const broken = (name: string, retryAfterMs?: number) =>
  new ProviderError('unavailable', name, `${name} is out of order.`, { retryAfterMs });
const refused = (name: string) =>
  new ProviderError('key-refused', name, `${name} refused the key in ${name.toUpperCase()}_API_KEY.`);
const outcomes = (answer: { attempts: { provider: string; outcome: string }[] } | undefined) =>
  answer?.attempts.map(({ provider, outcome }) => `${provider} ${outcome}`);

describe('fallback', () => {
  test('the first that has hits is the only one asked', async () => {
    const [a, b] = [scripted('a', hitsOf('a', '1')), scripted('b', hitsOf('b', '2'))];
    const [answer] = await createSearcher([a.provider, b.provider]).search(['x'], SIGNAL);
    expect(answer).toMatchObject({ query: 'x', hits: hitsOf('a', '1'), providers: ['a'], fromCache: false });
    expect(answer).not.toHaveProperty('failure');
    expect(b.asked).toEqual([]);
  });

  test.each<[string, Step]>([
    ['429 without a time', tooOften('a')],
    ['429 with a long time', tooOften('a', 60_000)],
    ['5xx without a time', broken('a')],
    ['a bad answer', new ProviderError('bad-answer', 'a', 'a answered with something that is not JSON.')],
    ['a refused key', refused('a')],
    ['nothing found', []],
  ])('%s: the next one is asked at once', async (_, step) => {
    const { options, waits } = clock();
    const [a, b] = [scripted('a', step), scripted('b', hitsOf('b', '1'))];
    const [answer] = await createSearcher([a.provider, b.provider], options).search(['x'], SIGNAL);
    expect(answer?.hits).toEqual(hitsOf('b', '1'));
    expect(answer?.providers).toEqual(['b']);
    expect([a.asked.length, b.asked.length, waits]).toEqual([1, 1, []]);
  });

  test.each([
    ['429', tooOften],
    ['5xx', broken],
  ])('%s with a short time is waited for, and the same provider asked again', async (_, failure) => {
    const { options, waits } = clock();
    const [a, b] = [scripted('a', failure('a', 7000), hitsOf('a', '1')), scripted('b', hitsOf('b', '2'))];
    const [answer] = await createSearcher([a.provider, b.provider], options).search(['x'], SIGNAL);
    expect(answer).toMatchObject({ providers: ['a'], elapsedMs: 7000 });
    expect([waits, b.asked.length]).toEqual([[7000], 0]);
  });

  test('but only once', async () => {
    const { options, waits } = clock();
    const [a, b] = [scripted('a', tooOften('a', 10_000)), scripted('b', hitsOf('b', '1'))];
    const [answer] = await createSearcher([a.provider, b.provider], options).search(['x'], SIGNAL);
    expect(outcomes(answer)).toEqual(['a rate-limited', 'b answered']);
    expect([a.asked.length, waits]).toEqual([2, [10_000]]);
  });

  test('a bug in a provider is not taken for a fault of the service', async () => {
    const searcher = createSearcher([scripted('a', new TypeError('bug')).provider]);
    await expect(searcher.search(['x'], SIGNAL)).rejects.toThrow(TypeError);
  });
});

describe('what is remembered', () => {
  test('a provider is left alone for as long as it said', async () => {
    const { options, pass } = clock();
    const [a, b] = [scripted('a', tooOften('a', 60_000), hitsOf('a', '1')), scripted('b', hitsOf('b', '2'))];
    const searcher = createSearcher([a.provider, b.provider], options);
    await searcher.search(['x'], SIGNAL);
    const [second] = await searcher.search(['y'], SIGNAL);
    expect(a.asked).toHaveLength(1);
    expect(second?.attempts[0]).toMatchObject({ provider: 'a', outcome: 'rate-limited' });
    expect(second?.attempts[0]?.message).toBe('a wants to be left alone for another 60 s.');
    pass(60_000);
    expect((await searcher.search(['z'], SIGNAL))[0]?.providers).toEqual(['a']);
  });

  test('after a 429 without a time the others come first for half a minute', async () => {
    const { options, pass } = clock();
    const [a, b] = [scripted('a', tooOften('a'), hitsOf('a', '1')), scripted('b', [], hitsOf('b', '2'))];
    const searcher = createSearcher([a.provider, b.provider], options);
    await searcher.search(['x'], SIGNAL);
    expect(outcomes((await searcher.search(['y'], SIGNAL))[0])).toEqual(['b answered']);
    pass(30_001);
    expect(outcomes((await searcher.search(['z'], SIGNAL))[0])).toEqual(['a answered']);
  });

  test('a refused key is not tried again for ten minutes, and is reported', async () => {
    const { options, pass } = clock();
    const [a, b] = [scripted('a', refused('a'), hitsOf('a', '1')), scripted('b', hitsOf('b', '2'))];
    const searcher = createSearcher([a.provider, b.provider], options);
    expect(searcher.refusedKeys()).toEqual([]);
    await searcher.search(['x'], SIGNAL);
    const [second] = await searcher.search(['y'], SIGNAL);
    expect(a.asked).toHaveLength(1);
    expect(second?.attempts[0]?.message).toBe('a refused the key in A_API_KEY.');
    expect(searcher.refusedKeys().map(({ message }) => message)).toEqual(['a refused the key in A_API_KEY.']);
    pass(10 * 60_000);
    expect(searcher.refusedKeys()).toEqual([]);
    expect((await searcher.search(['z'], SIGNAL))[0]?.providers).toEqual(['a']);
  });

  test('requests keep the interval that a provider wants', async () => {
    const { options, waits } = clock();
    const { provider, asked } = scripted('a', hitsOf('a', '1'));
    const searcher = createSearcher([{ ...provider, minIntervalMs: 3000 }], { ...options, concurrency: 1 });
    await searcher.search(['x', 'y', 'z'], SIGNAL);
    expect([asked.length, waits]).toEqual([3, [3000, 3000]]);
  });
});

describe('nobody answers', () => {
  test.each<[string, ProviderError[], object]>([
    ['all keys refused', [refused('a'), refused('b')], { retryable: false }],
    ['one may recover', [refused('a'), broken('b')], { retryable: true }],
    ['the shortest wait', [tooOften('a', 90_000), tooOften('b', 30_000)], { retryable: true, retryAfterMs: 30_000 }],
  ])('%s', async (_, errors, expected) => {
    const providers = errors.map((error) => scripted(error.provider, error).provider);
    const [answer] = await createSearcher(providers, clock().options).search(['x'], SIGNAL);
    expect(answer).toMatchObject({ hits: [], providers: [] });
    const message = `No search provider could answer: ${errors.map((error) => error.message.slice(0, -1)).join('; ')}.`;
    expect(answer?.failure).toEqual({ message, ...expected });
  });

  test('nothing found anywhere is an answer', async () => {
    const [a, b] = [scripted('a', []), scripted('b', broken('b'))];
    const [answer] = await createSearcher([a.provider, b.provider]).search(['x'], SIGNAL);
    expect(answer?.hits).toEqual([]);
    expect(answer).not.toHaveProperty('failure');
  });

  test('without providers it says so', async () => {
    const [answer] = await createSearcher([]).search(['x'], SIGNAL);
    expect(answer?.failure).toEqual({ message: 'No search provider is configured.', retryable: false });
  });
});

describe('several providers', () => {
  test('are asked at once and merged; one that fails is replaced by the next', async () => {
    const [a, b] = [scripted('a', hitsOf('a', '1', '2')), scripted('b', broken('b'))];
    const [c, d] = [scripted('c', hitsOf('c', '2', '3')), scripted('d', hitsOf('d', '4'))];
    const searcher = createSearcher([a.provider, b.provider, c.provider, d.provider], { merge: 2 });
    const [answer] = await searcher.search(['x'], SIGNAL);
    expect(answer?.providers).toEqual(['a', 'c']);
    expect(answer?.hits.map(({ title }) => title)).toEqual(['2', '1', '3']);
    expect(answer?.hits[0]).toMatchObject({ provider: 'a', alsoFrom: ['c'] });
    expect(d.asked).toEqual([]);
  });
});

describe('several queries', () => {
  test('are answered in their order, no more at once than allowed', async () => {
    let running = 0;
    let most = 0;
    const provider: Provider = {
      name: 'a',
      kind: 'web',
      async search({ text }) {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, text === 'q0' ? 30 : 5));
        running--;
        return hitsOf('a', text);
      },
    };
    const queries = Array.from({ length: 9 }, (_, i) => `q${i}`);
    const answers = await createSearcher([provider], { concurrency: 3 }).search(queries, SIGNAL);
    expect(answers.map(({ query, hits }) => [query, hits[0]?.title])).toEqual(queries.map((q) => [q, q]));
    expect(most).toBe(3);
  });

  test('each is asked in its own language, unless one is set', async () => {
    const { provider, asked } = scripted('a', hitsOf('a', '1'));
    const searcher = createSearcher([provider], { concurrency: 1, limit: 5 });
    await searcher.search(['cats', '显存优化'], SIGNAL);
    await searcher.search(['cats', '显存优化'], SIGNAL, { language: 'en', limit: 3 });
    expect(asked).toEqual([
      { text: 'cats', language: 'en', region: undefined, limit: 5 },
      { text: '显存优化', language: 'zh', region: 'CN', limit: 5 },
      { text: 'cats', language: 'en', region: undefined, limit: 3 },
      { text: '显存优化', language: 'en', region: undefined, limit: 3 },
    ]);
  });
});

test('an abort while waiting ends the search with its reason', async () => {
  const controller = new AbortController();
  const reason = new Error('The session was cancelled.');
  const searcher = createSearcher([scripted('a', tooOften('a', 9000)).provider]);
  setTimeout(() => controller.abort(reason), 20);
  await expect(searcher.search(['x'], controller.signal)).rejects.toBe(reason);
});

describe('cache', () => {
  function memory() {
    const stored = new Map<string, { hits: SearchHit[]; storedAt: number }>();
    const cache: SearchCache = {
      get: async (key) => stored.get(key),
      set: async (key, hits) => void stored.set(key, { hits, storedAt: 5 }),
    };
    return { cache, stored };
  }

  test('the same question is answered from it, and the answer says so', async () => {
    const { cache } = memory();
    const { provider, asked } = scripted('a', hitsOf('a', '1'));
    const searcher = createSearcher([provider], { cache });
    await searcher.search(['two  words'], SIGNAL);
    const [answer] = await searcher.search([' two words '], SIGNAL);
    expect(asked).toHaveLength(1);
    expect(answer).toMatchObject({ fromCache: true, providers: ['a'], hits: hitsOf('a', '1') });
    expect(answer?.attempts).toMatchObject([{ provider: 'a', outcome: 'answered', fromCache: true, storedAt: 5 }]);
  });

  test('another language or number of hits is another question; nothing found is not kept', async () => {
    const { cache, stored } = memory();
    const { provider, asked } = scripted('a', hitsOf('a', '1'), hitsOf('a', '1'), hitsOf('a', '1'), []);
    const searcher = createSearcher([provider], { cache });
    await searcher.search(['x'], SIGNAL);
    await searcher.search(['x'], SIGNAL, { language: 'de' });
    await searcher.search(['x'], SIGNAL, { limit: 3 });
    await searcher.search(['y'], SIGNAL);
    expect([asked.length, stored.size]).toEqual([4, 3]);
  });
});
