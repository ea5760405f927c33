import { describe, expect, test } from 'vitest';
import { type Environment, providersFrom } from '../../activities/providers/configured.ts';
import { nearest } from '../../activities/providers/nearest.ts';
import { withServer } from '../support/providers/local-server.ts';
import { KEY, serperService } from '../support/providers/web-services.ts';

function names(env: Environment) {
  const { web, scholar, images } = providersFrom(env);
  return [web, scholar, images].map((providers) => providers.map(({ name }) => name).join(' '));
}

const ALL = {
  SEARXNG_URL: 'https://searx.example.org',
  SERPER_API_KEY: 'a',
  BRAVE_API_KEY: 'b',
  TAVILY_API_KEY: 'c',
  EXA_API_KEY: 'd',
};

describe('which providers there are', () => {
  const scholar = 'openalex semantic-scholar crossref arxiv';
  test.each<[string, Environment, string[]]>([
    ['nothing set: those without keys', {}, ['wikipedia', scholar, 'commons']],
    [
      'empty variables are not set',
      { SERPER_API_KEY: ' ', DEEP_RESEARCH_SEARCH_PROVIDERS: '' },
      ['wikipedia', scholar, 'commons'],
    ],
    ['one key', { SERPER_API_KEY: 'a' }, ['serper wikipedia', `serper ${scholar}`, 'serper commons']],
    ['all', ALL, ['searxng serper brave tavily exa wikipedia', `searxng serper ${scholar}`, 'searxng serper commons']],
    [
      'an order',
      {
        ...ALL,
        DEEP_RESEARCH_SEARCH_PROVIDERS: 'exa, Brave,exa',
        DEEP_RESEARCH_SCHOLAR_PROVIDERS: 'arxiv',
        DEEP_RESEARCH_IMAGE_PROVIDERS: 'commons,searxng',
      },
      ['exa brave', 'arxiv', 'commons searxng'],
    ],
  ])('%s', (_, env, expected) => {
    expect(names(env)).toEqual(expected);
  });

  test('all of a kind say so', () => {
    const { web, scholar, images } = providersFrom(ALL);
    for (const [kind, providers] of Object.entries({ web, scholar, images })) {
      expect(new Set(providers.map((provider) => provider.kind))).toEqual(new Set([kind]));
    }
  });
});

describe('which kinds somebody has chosen providers for', () => {
  test.each<[Environment, string[]]>([
    [{}, []],
    [{ DEEP_RESEARCH_CONTACT_EMAIL: 'ops@example.org', EXA_API_KEY: '' }, []],
    [{ EXA_API_KEY: 'a' }, ['web']],
    [{ OPENALEX_API_KEY: 'a' }, ['scholar']],
    [{ SEARXNG_URL: 'https://searx.example.org' }, ['web', 'scholar', 'images']],
    [{ DEEP_RESEARCH_SEARCH_PROVIDERS: 'wikipedia' }, ['web']],
    [{ DEEP_RESEARCH_IMAGE_PROVIDERS: 'none' }, ['images']],
  ])('%o: %o', (env, kinds) => {
    expect(providersFrom(env).chosen).toEqual(kinds);
  });

  test('none is no provider, and not the name of one', () => {
    expect(names({ ...ALL, DEEP_RESEARCH_IMAGE_PROVIDERS: 'none' })[2]).toBe('');
    expect(() => providersFrom({ DEEP_RESEARCH_IMAGE_PROVIDERS: 'none,commons' })).toThrow(/names "none"/);
  });
});

describe('what is wrong is named', () => {
  test.each<[Environment, RegExp]>([
    [
      { DEEP_RESEARCH_SEARCH_PROVIDERS: 'brvae' },
      /^DEEP_RESEARCH_SEARCH_PROVIDERS names "brvae"; did you mean brave\? It takes searxng, serper, /,
    ],
    [{ DEEP_RESEARCH_SCHOLAR_PROVIDERS: 'semanticscholar' }, /did you mean semantic-scholar\?/],
    [
      { DEEP_RESEARCH_IMAGE_PROVIDERS: 'arxiv' },
      /^DEEP_RESEARCH_IMAGE_PROVIDERS names "arxiv"; .* It takes searxng, serper, commons, or none\.$/,
    ],
    [
      { DEEP_RESEARCH_SEARCH_PROVIDERS: 'tavily' },
      /^DEEP_RESEARCH_SEARCH_PROVIDERS names tavily, which needs TAVILY_API_KEY; it is not set\.$/,
    ],
    [{ SEARXNG_URL: 'searx.example.org' }, /^SEARXNG_URL is "searx\.example\.org", expected an address like https:/],
    [{ SEARXNG_URL: 'ftp://searx.example.org' }, /^SEARXNG_URL is/],
  ])('%o', (env, message) => {
    expect(() => providersFrom(env)).toThrow(message);
  });

  test('an address for a provider that there is not', () => {
    expect(() => providersFrom({}, { baseUrls: { serpre: 'http://127.0.0.1' } })).toThrow(
      /^DEEP_RESEARCH_PROVIDER_URLS names "serpre"; did you mean serper\? It takes searxng, /,
    );
  });

  test('keys do not get into the messages', () => {
    const env = { SERPER_API_KEY: 'secret-1', DEEP_RESEARCH_SEARCH_PROVIDERS: 'serper,googel' };
    expect(() => providersFrom(env)).toThrow(/googel/);
    expect(() => providersFrom(env)).not.toThrow(/secret-1/);
  });
});

test('keys, contact and addresses reach the requests', async () => {
  await withServer(serperService, async ({ url, last }) => {
    const env = { SERPER_API_KEY: ` ${KEY}\n`, DEEP_RESEARCH_CONTACT_EMAIL: 'ops@example.org' };
    const [serper] = providersFrom(env, { baseUrls: { serper: url } }).web;
    const hits = await serper!.search({ text: 'x', language: 'en', limit: 3 }, new AbortController().signal);
    expect(hits).toHaveLength(1);
    expect(last().headers).toMatchObject({
      'x-api-key': KEY,
      'user-agent': expect.stringContaining('ops@example.org'),
    });
  });
});

test('the address of SearXNG is its variable', async () => {
  await withServer(
    () => ({ body: { results: [] } }),
    async ({ url, requests }) => {
      const { web, scholar, images } = providersFrom({ SEARXNG_URL: url });
      for (const [provider] of [web, scholar, images]) {
        await provider!.search({ text: 'x', language: 'en', limit: 3 }, new AbortController().signal);
      }
      expect(requests.map(({ query }) => query.categories)).toEqual(['general', 'science', 'images']);
    },
  );
});

test.each([
  ['brvae', 'brave'],
  ['serpapi', 'serper'],
  ['', 'exa'],
  ['wiki', 'exa'],
])('the name nearest to %o is %s', (text, name) => {
  expect(nearest(text, ['searxng', 'serper', 'brave', 'tavily', 'exa', 'wikipedia'])).toBe(name);
});
