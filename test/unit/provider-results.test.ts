import { describe, expect, test } from 'vitest';
import type { SearchHit, SearchQuery } from '../../activities/providers/provider.ts';
import { CASES, caseOf } from '../support/providers/all.ts';
import { withServer } from '../support/providers/local-server.ts';
import { KEY, NOTHING } from '../support/providers/web-services.ts';

const QUERY: SearchQuery = { text: 'attention', language: 'en', limit: 10 };

function search(label: string, query: Partial<SearchQuery> = {}): Promise<SearchHit[]> {
  const { service, make } = caseOf(label);
  return withServer(service, ({ url }) => make(url).search({ ...QUERY, ...query }, new AbortController().signal));
}

/** The first hit of each provider, whole. */
const FIRST: Record<string, SearchHit> = {
  'searxng web': {
    title: 'vLLM & paged attention',
    url: 'https://example.org/vllm',
    snippet: 'Fast serving of language models.',
    published: '2023-06-20',
    provider: 'searxng',
  },
  'searxng images': {
    title: 'A cat',
    url: 'https://example.org/page',
    snippet: '',
    source: 'example.org',
    image: {
      url: 'https://example.org/cat.jpg',
      thumbnailUrl: 'https://thumbs.example.org/cat.jpg',
      width: 1920,
      height: 1080,
    },
    provider: 'searxng',
  },
  'searxng scholar': {
    title: 'A paper',
    url: 'https://example.org/paper',
    snippet: 'Abstract.',
    published: '2020-02-03',
    source: 'Journal of Tests',
    authors: ['A. One', 'B. Two'],
    pdfUrl: 'https://example.org/paper.pdf',
    provider: 'searxng',
  },
  'serper web': {
    title: 'vLLM',
    url: 'https://docs.vllm.ai/',
    snippet: 'Easy, fast and cheap serving.',
    published: '2023-06-20',
    provider: 'serper',
  },
  'serper scholar': {
    title: 'Attention is all you need',
    url: 'https://papers.example.org/attention',
    snippet: 'The dominant sequence models …',
    published: '2017',
    source: 'Advances in neural …',
    authors: ['A Vaswani', 'N Shazeer'],
    citedBy: 99999,
    pdfUrl: 'https://papers.example.org/attention.pdf',
    provider: 'serper',
  },
  'serper images': {
    title: 'A cat',
    url: 'https://img.example.org/page',
    snippet: '',
    source: 'Cats',
    image: {
      url: 'https://img.example.org/cat.png',
      thumbnailUrl: 'https://thumbs.example.org/cat.png',
      width: 800,
      height: 600,
    },
    provider: 'serper',
  },
  brave: {
    title: 'vLLM',
    url: 'https://docs.vllm.ai/',
    snippet: "Serving language models 'fast'.",
    published: '2024-03-05',
    source: 'vLLM docs',
    provider: 'brave',
  },
  tavily: {
    title: 'vLLM',
    url: 'https://docs.vllm.ai/',
    snippet: 'Serving models.',
    published: '2024-03-05',
    provider: 'tavily',
  },
  exa: {
    title: 'vLLM',
    url: 'https://docs.vllm.ai/',
    snippet: 'First passage. … Second passage.',
    published: '2023-06-20',
    authors: ['W. Kwon'],
    provider: 'exa',
  },
  openalex: {
    title: 'Attention in networks',
    url: 'https://doi.org/10.1000/xyz',
    snippet: 'We show attention works. We attention',
    published: '2017-06-12',
    source: 'Journal of Tests',
    authors: ['Ann One', 'Bo Two'],
    citedBy: 12,
    pdfUrl: 'https://repo.example.org/1.pdf',
    provider: 'openalex',
  },
  'semantic-scholar': {
    title: 'Attention is all you need',
    url: 'https://arxiv.org/abs/1706.03762',
    snippet: 'A new architecture.',
    published: '2017-06-12',
    source: 'NeurIPS',
    authors: ['A. Vaswani'],
    citedBy: 100000,
    pdfUrl: 'https://example.org/1.pdf',
    provider: 'semantic-scholar',
  },
  crossref: {
    title: 'Salt & water',
    url: 'https://doi.org/10.1000/xyz',
    snippet: 'Water dissolves salt.',
    published: '2019-05',
    source: 'Journal of Tests',
    authors: ['Ann One', 'The Salt Group'],
    citedBy: 7,
    provider: 'crossref',
  },
  arxiv: {
    title: 'Attention Is All You Need & More',
    url: 'https://arxiv.org/abs/1706.03762v7',
    snippet: 'The dominant models are < complex.',
    published: '2017-06-12',
    source: 'NeurIPS 30 (2017)',
    authors: ['Ashish Vaswani', 'Noam Shazeer'],
    pdfUrl: 'https://arxiv.org/pdf/1706.03762v7',
    provider: 'arxiv',
  },
  commons: {
    title: 'Tabby cat',
    url: 'https://commons.example.org/wiki/File:1.jpg',
    snippet: 'A tabby cat (CC BY-SA 4.0)',
    published: '2015-07-08',
    source: 'Wikimedia Commons',
    authors: ['Ann'],
    image: {
      url: 'https://upload.example.org/1.jpg',
      thumbnailUrl: 'https://upload.example.org/thumb/1.jpg',
      width: 4000,
      height: 3000,
    },
    provider: 'commons',
  },
};

describe('results', () => {
  test.each(Object.entries(FIRST))('%s gives its first result whole', async (label, hit) => {
    const hits = await search(label);
    expect(hits[0]).toEqual(hit);
  });

  test('wikipedia gives plain snippets and addresses in its own style', async () => {
    const { service, make } = caseOf('wikipedia');
    await withServer(service, async ({ url }) => {
      const query = { ...QUERY, text: 'GPU 显存', language: 'zh' };
      const hits = await make(url).search(query, new AbortController().signal);
      expect(hits).toEqual([
        {
          title: 'Graphics processing unit: a/b',
          url: `${url}/zh/wiki/Graphics_processing_unit:_a/b`,
          snippet: 'A GPU is a "chip"',
          source: 'Wikipedia',
          provider: 'wikipedia',
        },
        {
          title: '显示 内存',
          url: `${url}/zh/wiki/${encodeURIComponent('显示_内存')}`,
          snippet: '',
          source: 'Wikipedia',
          provider: 'wikipedia',
        },
      ]);
    });
  });

  test.each(CASES.map(({ label }) => label))('%s finds nothing without a fault', async (label) => {
    expect(await search(label, { text: NOTHING })).toEqual([]);
  });

  test.each([
    'searxng web',
    'openalex',
    'semantic-scholar',
    'crossref',
    'wikipedia',
    'commons',
  ])('%s gives no more than asked for', async (label) => {
    expect(await search(label)).toHaveLength(2);
    expect(await search(label, { limit: 1 })).toHaveLength(1);
  });

  test.each(
    CASES.filter(({ keyless }) => keyless).map(({ label }) => label),
  )('%s works without a key', async (label) => {
    const { service, make } = caseOf(label);
    await withServer(service, async ({ url, last }) => {
      const hits = await make(url, { apiKey: undefined }).search(QUERY, new AbortController().signal);
      expect(hits[0]).toEqual(FIRST[label]);
      expect(JSON.stringify(last())).not.toContain(KEY);
      expect(last().query).not.toHaveProperty('api_key');
    });
  });

  test('an abstract as long as a page is cut', async () => {
    const long = 'word '.repeat(5000);
    const service = () => ({ body: { results: [{ url: 'https://example.org/', title: 'T', content: long }] } });
    const [hit] = await withServer(service, ({ url }) =>
      caseOf('tavily').make(url).search(QUERY, new AbortController().signal),
    );
    expect(hit?.snippet).toMatch(/^word word .* word …$/);
    expect(hit?.snippet.length).toBeLessThanOrEqual(2002);
  });
});
