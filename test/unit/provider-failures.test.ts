import { describe, expect, test } from 'vitest';
import { type FailureKind, ProviderError } from '../../activities/providers/failure.ts';
import type { SearchQuery } from '../../activities/providers/provider.ts';
import { CASES, type Case, caseOf } from '../support/providers/all.ts';
import { type Behaviour, type Given, withServer } from '../support/providers/local-server.ts';
import { KEY } from '../support/providers/web-services.ts';

const QUERY: SearchQuery = { text: 'attention', language: 'en', limit: 10 };

/** The error of a search whose server answers like this; a search that succeeds fails the test. */
async function failure(one: Case, behaviour: Behaviour, options: { timeoutMs?: number; apiKey?: string } = {}) {
  const error = await withServer(behaviour, ({ url }) =>
    one
      .make(url, options)
      .search(QUERY, new AbortController().signal)
      .then(
        () => undefined,
        (reason: unknown) => reason,
      ),
  );
  if (!(error instanceof ProviderError)) throw new Error(`Expected a ProviderError, got ${String(error)}.`);
  return error;
}

/** Services like to repeat what they were sent; no message may pass that on. */
const telling =
  (given: Given): Behaviour =>
  (request) => ({
    ...given,
    body: given.body ?? { error: 'Refused', detail: JSON.stringify(request) },
  });

describe.each(CASES)('$label', (one) => {
  test.each<[string, Given, Partial<ProviderError>]>([
    [
      '429 with seconds',
      { status: 429, headers: { 'retry-after': '7' } },
      { kind: 'rate-limited', retryAfterMs: 7000 },
    ],
    ['429 without', { status: 429 }, { kind: 'rate-limited', retryAfterMs: undefined }],
    ['500', { status: 500 }, { kind: 'unavailable', status: 500 }],
    ['502 with a page', { status: 502, body: '<html>Bad gateway</html>' }, { kind: 'unavailable' }],
    ['503 with seconds', { status: 503, headers: { 'retry-after': '3' } }, { kind: 'unavailable', retryAfterMs: 3000 }],
    ['400', { status: 400 }, { kind: 'bad-answer' }],
    ['a redirect', { status: 302, headers: { location: `/login?key=${KEY}` } }, { kind: 'bad-answer' }],
    ['broken JSON', { body: '{"results": [{"title": "cut' }, { kind: 'bad-answer' }],
    ['a page', { body: '<!doctype html><p>Please wait' }, { kind: 'bad-answer' }],
    ['nothing', { body: '' }, { kind: 'bad-answer' }],
    ['JSON of another kind', { body: '["results"]' }, { kind: 'bad-answer' }],
  ])('%s', async (_, given, expected) => {
    const error = await failure(one, telling(given));
    expect(error).toMatchObject({ ...expected, provider: one.label.split(' ')[0] });
    expect(error.message).toMatch(/^[A-Z]?\S.*\.$/);
    expect(`${error.message} ${error.stack}`).not.toContain(KEY);
  });

  test('a Retry-After date is turned into milliseconds', async () => {
    const date = new Date(Date.now() + 60_000).toUTCString();
    const error = await failure(one, telling({ status: 429, headers: { 'retry-after': date } }));
    expect(error.retryAfterMs).toBeGreaterThan(30_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  test('401', async () => {
    const error = await failure(one, telling({ status: 401 }));
    expect(error.kind).toBe(one.variable ? 'key-refused' : 'unavailable');
    if (one.variable) expect(error.message).toContain(one.variable);
    expect(error.message).not.toContain(KEY);
  });

  test.each(['hang', 'stall'] as const)('%s ends with the time limit', async (what) => {
    const error = await failure(one, () => what, { timeoutMs: 150 });
    expect(error).toMatchObject({ kind: 'unavailable' });
    expect(error.message).toContain('did not answer within 0.15 s');
  });

  test("the caller's abort is no fault of the provider", async () => {
    const controller = new AbortController();
    const reason = new Error('The session was cancelled.');
    const abort: Behaviour = () => {
      setTimeout(() => controller.abort(reason), 20);
      return 'hang';
    };
    const searching = withServer(abort, ({ url }) => one.make(url).search(QUERY, controller.signal));
    await expect(searching).rejects.toBe(reason);
  });

  test('nobody at the address', async () => {
    const url = await withServer(
      () => ({}),
      async (server) => server.url,
    );
    const error = await one
      .make(url)
      .search(QUERY, new AbortController().signal)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: 'unavailable' });
    expect((error as Error).message).toMatch(/cannot be reached \(ECONNREFUSED\)\.$/);
  });
});

describe('a wrong key, as each service answers it', () => {
  test.each(CASES.filter(({ variable }) => variable))('$label', async (one) => {
    const wrong = 'wrong-key-abcdef';
    const error = await failure(one, one.service, { apiKey: wrong });
    expect(error.kind).toBe('key-refused');
    expect(error.message).toContain(`refused the key in ${one.variable}`);
    expect(error.message).not.toContain(wrong);
  });

  test('a key with a line break in it is never sent', async () => {
    const error = await failure(caseOf('brave'), caseOf('brave').service, { apiKey: 'two\nlines' });
    expect(error).toMatchObject({ kind: 'key-refused', message: expect.stringContaining('BRAVE_API_KEY') });
    expect(error.message).not.toContain('two');
  });
});

describe('what services say in ways of their own', () => {
  test.each<[string, string, Given, FailureKind, string | RegExp]>([
    [
      'serper web',
      'no credits',
      { status: 400, body: { message: 'Not enough credits' } },
      'key-refused',
      'has no credit left for the key in SERPER_API_KEY',
    ],
    ['exa', 'no credits', { status: 402 }, 'key-refused', 'EXA_API_KEY'],
    ['tavily', 'plan used up', { status: 432 }, 'key-refused', 'TAVILY_API_KEY'],
    ['tavily', 'pay-as-you-go used up', { status: 433 }, 'key-refused', 'TAVILY_API_KEY'],
    [
      'brave',
      'a wrong parameter',
      { status: 422, body: { error: { code: 'VALIDATION' } } },
      'bad-answer',
      'did not accept the query',
    ],
    ['openalex', '403 for too many', { status: 403 }, 'rate-limited', 'is asked too often'],
    ['searxng web', 'json switched off', { status: 403 }, 'unavailable', /settings\.yml must list json/],
    [
      'searxng web',
      'all engines blocked',
      { body: { results: [], unresponsive_engines: [['bing', 'timeout']] } },
      'unavailable',
      'search engines behind searxng',
    ],
    ['arxiv', 'throttled with 200', { body: 'Rate exceeded.' }, 'rate-limited', 'too often'],
    [
      'wikipedia',
      'ratelimited with 200',
      { headers: { 'retry-after': '5' }, body: { error: { code: 'ratelimited' } } },
      'rate-limited',
      'ratelimited',
    ],
    ['commons', 'maxlag with 200', { body: { error: { code: 'maxlag' } } }, 'unavailable', 'maxlag'],
    [
      'wikipedia',
      'another error with 200',
      { body: { error: { code: 'bad<b>value' } } },
      'bad-answer',
      'the error badbvalue',
    ],
    ['tavily', 'no list of results', { body: { answer: 'x' } }, 'bad-answer', 'unknown shape'],
    [
      'exa',
      'results without addresses',
      { body: { results: [{ link: 'https://example.org' }] } },
      'bad-answer',
      'no address',
    ],
  ])('%s: %s', async (label, _, given, kind, message) => {
    const error = await failure(caseOf(label), () => given);
    expect(error.kind).toBe(kind);
    expect(error.message).toMatch(message);
  });

  test('arxiv reports an unreadable query as an entry', async () => {
    const { arxivFeed } = await import('../support/providers/scholar-services.ts');
    const body = arxivFeed('<entry><id>http://arxiv.org/api/errors#bad_query</id><title>Error</title></entry>');
    expect(await failure(caseOf('arxiv'), () => ({ body }))).toMatchObject({ kind: 'bad-answer' });
  });

  test('brave tells the wait for each of its windows', async () => {
    const headers = { 'x-ratelimit-remaining': '0, 1000', 'x-ratelimit-reset': '1, 1419704' };
    expect((await failure(caseOf('brave'), () => ({ status: 429, headers }))).retryAfterMs).toBe(1000);
    const month = { 'x-ratelimit-remaining': '0, 0', 'x-ratelimit-reset': '1, 1419704' };
    expect((await failure(caseOf('brave'), () => ({ status: 429, headers: month }))).retryAfterMs).toBe(1419704000);
  });

  test('a keyless caller who needs a key is told which', async () => {
    const error = await failure(caseOf('openalex'), () => ({ status: 401 }), { apiKey: undefined });
    expect(error).toMatchObject({
      kind: 'key-refused',
      message: 'openalex wants a key in OPENALEX_API_KEY (status 401).',
    });
  });

  test('an endless answer is cut off', async () => {
    const error = await failure(caseOf('exa'), () => ({ body: `{"results": ["${'x'.repeat(9 * 1024 * 1024)}"]}` }));
    expect(error).toMatchObject({ kind: 'bad-answer', message: 'exa answered with more than 8 MiB.' });
  });
});
