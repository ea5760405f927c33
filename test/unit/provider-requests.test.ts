import { describe, expect, test } from 'vitest';
import { arxivQuery } from '../../activities/providers/arxiv.ts';
import type { ProviderOptions, SearchQuery } from '../../activities/providers/provider.ts';
import { CASES, caseOf } from '../support/providers/all.ts';
import { type Seen, withServer } from '../support/providers/local-server.ts';
import { KEY } from '../support/providers/web-services.ts';

const QUERY: SearchQuery = { text: 'state-of-the-art: what?', language: 'en', limit: 10 };

async function sent(label: string, query: Partial<SearchQuery> = {}, options?: ProviderOptions): Promise<Seen> {
  const { service, make } = caseOf(label);
  return withServer(service, async ({ url, last }) => {
    await make(url, options).search({ ...QUERY, ...query }, new AbortController().signal);
    return last();
  });
}

const CHINESE = { text: '显存', language: 'zh', region: 'CN' };
const TAIWAN = { text: '顯存', language: 'zh', region: 'TW' };
const JAPANESE = { text: 'メモリ', language: 'ja', region: 'JP' };

describe('requests with parameters', () => {
  const FIELDS =
    'id,doi,display_name,publication_date,publication_year,cited_by_count,authorships,primary_location,best_oa_location,abstract_inverted_index';
  test.each<[string, Partial<SearchQuery>, string, Record<string, string>]>([
    ['searxng web', {}, '/search', { q: QUERY.text, format: 'json', categories: 'general', language: 'en' }],
    ['searxng images', CHINESE, '/search', { q: '显存', format: 'json', categories: 'images', language: 'zh-CN' }],
    ['searxng scholar', {}, '/search', { q: QUERY.text, format: 'json', categories: 'science', language: 'en' }],
    [
      'brave',
      {},
      '/res/v1/web/search',
      {
        q: QUERY.text,
        count: '10',
        country: 'ALL',
        search_lang: 'en',
        result_filter: 'web',
        text_decorations: 'false',
      },
    ],
    ['openalex', {}, '/works', { search: 'state-of-the-art: what', per_page: '10', select: FIELDS, api_key: KEY }],
    [
      'semantic-scholar',
      {},
      '/graph/v1/paper/search',
      {
        query: 'state of the art: what?',
        limit: '10',
        fields:
          'paperId,url,title,abstract,venue,year,publicationDate,citationCount,authors,externalIds,openAccessPdf,tldr',
      },
    ],
    [
      'crossref',
      {},
      '/works',
      {
        'query.bibliographic': QUERY.text,
        rows: '10',
        select: 'DOI,URL,title,abstract,author,container-title,issued,is-referenced-by-count',
      },
    ],
    [
      'arxiv',
      {},
      '/api/query',
      {
        search_query: 'all:state-of-the-art',
        start: '0',
        max_results: '10',
        sortBy: 'relevance',
        sortOrder: 'descending',
      },
    ],
    [
      'wikipedia',
      JAPANESE,
      '/ja/w/api.php',
      {
        action: 'query',
        format: 'json',
        formatversion: '2',
        list: 'search',
        srsearch: 'メモリ',
        srlimit: '10',
        srprop: 'snippet',
        srinfo: '',
      },
    ],
    [
      'commons',
      {},
      '/w/api.php',
      {
        action: 'query',
        format: 'json',
        formatversion: '2',
        generator: 'search',
        gsrsearch: `filetype:bitmap|drawing ${QUERY.text}`,
        gsrnamespace: '6',
        gsrlimit: '10',
        prop: 'imageinfo',
        iiprop: 'url|size|extmetadata',
        iiextmetadatafilter: 'ImageDescription|Artist|LicenseShortName|DateTimeOriginal',
        iiextmetadatalanguage: 'en',
        iiurlwidth: '320',
      },
    ],
  ])('%s %o', async (label, query, path, parameters) => {
    const request = await sent(label, query);
    expect(request).toMatchObject({ method: 'GET', path, body: undefined });
    expect(request.query).toEqual(parameters);
  });

  test.each<[Partial<SearchQuery>, Record<string, string>]>([
    [CHINESE, { country: 'CN', search_lang: 'zh-hans' }],
    [TAIWAN, { country: 'TW', search_lang: 'zh-hant' }],
    [JAPANESE, { country: 'JP', search_lang: 'jp' }],
    [
      { language: 'pt', region: 'BR' },
      { country: 'BR', search_lang: 'pt-br' },
    ],
    [{ language: 'fa', region: 'IR' }, { country: 'ALL' }],
  ])('brave has its own codes: %o', async (query, codes) => {
    const request = await sent('brave', query);
    expect(request.query).toMatchObject(codes);
    expect(request.query.search_lang).toBe(codes.search_lang);
  });
});

describe('requests with a body', () => {
  const tavilyBody = { query: QUERY.text, search_depth: 'basic', topic: 'general', max_results: 10 };
  const exaBody = { query: QUERY.text, type: 'auto', numResults: 10, contents: { highlights: true } };
  test.each<[string, Partial<SearchQuery>, string, Record<string, unknown>]>([
    ['serper web', {}, '/search', { q: QUERY.text, num: 10, hl: 'en' }],
    ['serper web', CHINESE, '/search', { q: '显存', num: 10, hl: 'zh-cn', gl: 'cn' }],
    ['serper scholar', TAIWAN, '/scholar', { q: '顯存', num: 10, hl: 'zh-tw', gl: 'tw' }],
    ['serper images', JAPANESE, '/images', { q: 'メモリ', num: 10, hl: 'ja', gl: 'jp' }],
    ['tavily', {}, '/search', tavilyBody],
    ['tavily', { region: 'KR' }, '/search', { ...tavilyBody, country: 'south korea' }],
    ['tavily', { region: 'ZZ' }, '/search', tavilyBody],
    ['exa', {}, '/search', exaBody],
    ['exa', { region: 'DE' }, '/search', { ...exaBody, userLocation: 'DE' }],
  ])('%s %o', async (label, query, path, body) => {
    const request = await sent(label, query);
    expect(request).toMatchObject({ method: 'POST', path, query: {} });
    expect(request.headers['content-type']).toBe('application/json');
    expect(request.body).toEqual(body);
  });
});

describe('keys', () => {
  test.each([
    ['serper web', 'x-api-key', KEY],
    ['brave', 'x-subscription-token', KEY],
    ['tavily', 'authorization', `Bearer ${KEY}`],
    ['exa', 'x-api-key', KEY],
    ['semantic-scholar', 'x-api-key', KEY],
  ])('%s gets its key in the header %s and nowhere else', async (label, header, value) => {
    const { headers, ...rest } = await sent(label);
    expect(headers[header]).toBe(value);
    expect(JSON.stringify(rest)).not.toContain(KEY);
  });
});

describe('who asks', () => {
  test.each(CASES.map(({ label }) => label))('%s is told the product and the contact', async (label) => {
    const named = await sent(label, {}, { contact: 'ops@example.org' });
    expect(named.headers['user-agent']).toBe('temporal-deep-research/0.1 (mailto:ops@example.org)');
    expect((await sent(label)).headers['user-agent']).toBe('temporal-deep-research/0.1');
  });

  test('crossref gets the contact as a parameter for its polite pool', async () => {
    expect((await sent('crossref', {}, { contact: 'ops@example.org' })).query.mailto).toBe('ops@example.org');
    expect((await sent('crossref', {}, { contact: 'https://example.org/bot' })).query).not.toHaveProperty('mailto');
  });
});

describe('limits of the services', () => {
  test.each([
    ['brave', 'count', '20'],
    ['openalex', 'per_page', '100'],
    ['semantic-scholar', 'limit', '100'],
    ['crossref', 'rows', '100'],
    ['arxiv', 'max_results', '100'],
    ['wikipedia', 'srlimit', '50'],
    ['commons', 'gsrlimit', '50'],
  ])('%s is asked for at most its limit', async (label, parameter, most) => {
    expect((await sent(label, { limit: 500 })).query[parameter]).toBe(most);
  });

  test.each([
    ['brave', 'q', 400],
    ['wikipedia', 'srsearch', 300],
    ['commons', 'gsrsearch', 300],
  ])('%s gets a long query shortened at a word', async (label, parameter, most) => {
    const text = (await sent(label, { text: 'several words of a long query '.repeat(40) })).query[parameter] ?? '';
    expect(text.length).toBeLessThanOrEqual(most);
    expect(text).toMatch(/ (several|words|of|a|long|query)$/);
  });

  test('a long Chinese query is cut where it has no gaps', async () => {
    const request = await sent('tavily', { text: '大语言模型推理显存优化'.repeat(60) });
    expect(String(request.body?.query)).toHaveLength(400);
  });
});

describe("arXiv's query language", () => {
  test.each([
    ['attention', 'all:attention'],
    ['How does attention work in transformers?', 'all:attention AND all:work AND all:transformers'],
    ['"chain of thought" prompting', 'all:"chain of thought" AND all:prompting'],
    ['au:vaswani AND ti:attention', 'au:vaswani AND ti:attention'],
    ['what is it', 'all:what AND all:is AND all:it'],
    ['GPT-4 (2023), C++', 'all:GPT-4 AND all:2023 AND all:C++'],
    ['!?', 'all:!?'],
  ])('%s', (text, query) => {
    expect(arxivQuery(text)).toBe(query);
  });
});

test('a SearXNG instance may live below a path', async () => {
  const { make } = caseOf('searxng web');
  await withServer(
    () => ({ body: { results: [] } }),
    async ({ url, last }) => {
      await make(`${url}/searx/`).search(QUERY, new AbortController().signal);
      expect(last().path).toBe('/searx/search');
    },
  );
});
