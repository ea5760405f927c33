import type { Behaviour, Seen } from './local-server.ts';

/** The key that the services know, and the query for which they have nothing. */
export const KEY = 'key-0123456789-secret';
export const NOTHING = 'zxqv nothing';

const isNothing = (text: unknown) => text === NOTHING;
const within = (value: unknown, least: number, most: number) => Number(value) >= least && Number(value) <= most;

/** SearXNG with json among its formats. */
export const searxngService: Behaviour = ({ method, path, query }) => {
  if (method !== 'GET' || path !== '/search') return { status: 404, body: '<html>not found</html>' };
  if (query.format !== 'json') return { status: 403, body: '<html>forbidden</html>' };
  const results = {
    general: [
      {
        url: 'https://example.org/vllm',
        title: 'vLLM &amp; paged attention',
        content: 'Fast <b>serving</b> of language models.',
        engine: 'brave',
        engines: ['brave', 'bing'],
        score: 4,
        publishedDate: '2023-06-20T00:00:00',
      },
      { url: 'https://example.net/b', title: 'Second', content: '', publishedDate: null },
    ],
    images: [
      {
        url: 'https://example.org/page',
        title: 'A cat',
        content: '',
        img_src: 'https://example.org/cat.jpg',
        thumbnail_src: '//thumbs.example.org/cat.jpg',
        resolution: '1920 x 1080',
        source: 'example.org',
      },
    ],
    science: [
      {
        url: 'https://example.org/paper',
        title: 'A paper',
        content: 'Abstract.',
        authors: ['A. One', 'B. Two'],
        journal: 'Journal of Tests',
        pdf_url: 'https://example.org/paper.pdf',
        publishedDate: '2020-02-03',
      },
    ],
  }[query.categories as 'general' | 'images' | 'science'];
  return {
    body: {
      query: query.q,
      number_of_results: 0,
      results: isNothing(query.q) ? [] : results,
      answers: [],
      corrections: [],
      infoboxes: [],
      suggestions: [],
      unresponsive_engines: [],
    },
  };
};

/** google.serper.dev. */
export const serperService: Behaviour = ({ method, path, headers, body }) => {
  if (headers['x-api-key'] !== KEY) return { status: 403, body: { message: 'Unauthorized.', statusCode: 403 } };
  if (method !== 'POST' || !body?.q)
    return { status: 400, body: { message: 'Missing query parameter', statusCode: 400 } };
  const searchParameters = { ...body, type: path.slice(1), engine: 'google' };
  const lists = {
    '/search': {
      organic: [
        {
          title: 'vLLM',
          link: 'https://docs.vllm.ai/',
          snippet: 'Easy, fast and cheap serving.',
          date: 'Jun 20, 2023',
          position: 1,
          sitelinks: [{ title: 'Docs', link: 'https://docs.vllm.ai/en' }],
        },
      ],
    },
    '/scholar': {
      organic: [
        {
          title: 'Attention is all you need',
          link: 'https://papers.example.org/attention',
          publicationInfo: 'A Vaswani, N Shazeer… - Advances in neural …, 2017 - proceedings.neurips.cc',
          snippet: 'The dominant sequence models …',
          year: 2017,
          citedBy: 99999,
          pdfUrl: 'https://papers.example.org/attention.pdf',
          id: 'x1',
        },
      ],
    },
    '/images': {
      images: [
        {
          title: 'A cat',
          imageUrl: 'https://img.example.org/cat.png',
          imageWidth: 800,
          imageHeight: 600,
          thumbnailUrl: 'https://thumbs.example.org/cat.png',
          source: 'Cats',
          domain: 'img.example.org',
          link: 'https://img.example.org/page',
          position: 1,
        },
      ],
    },
  }[path as '/search'];
  if (!lists) return { status: 404, body: { message: 'Not Found' } };
  return { body: { searchParameters, ...(isNothing(body.q) ? { organic: [] } : lists), credits: 1 } };
};

/** api.search.brave.com: a wrong token is a 422, and so is a parameter out of its range. */
export const braveService: Behaviour = ({ path, query, headers }) => {
  const refuse = (code: string) => ({ status: 422, body: { type: 'ErrorResponse', error: { code, status: 422 } } });
  if (headers['x-subscription-token'] !== KEY) return refuse('SUBSCRIPTION_TOKEN_INVALID');
  if (path !== '/res/v1/web/search') return { status: 404 };
  const q = query.q ?? '';
  const wrong =
    q.length === 0 ||
    q.length > 400 ||
    q.split(' ').length > 50 ||
    !within(query.count, 1, 20) ||
    query.search_lang === 'zh';
  if (wrong) return refuse('VALIDATION');
  if (isNothing(q)) return { body: { type: 'search', query: { original: q } } };
  return {
    body: {
      type: 'search',
      query: { original: q, more_results_available: true },
      web: {
        type: 'search',
        results: [
          {
            title: 'vLLM',
            url: 'https://docs.vllm.ai/',
            description: 'Serving <strong>language models</strong> &#x27;fast&#x27;.',
            page_age: '2024-03-05T10:11:12',
            age: 'March 5, 2024',
            profile: { name: 'vLLM docs', url: 'https://docs.vllm.ai/' },
            meta_url: { hostname: 'docs.vllm.ai' },
          },
        ],
      },
    },
  };
};

/** api.tavily.com. */
export const tavilyService: Behaviour = ({ method, path, headers, body }) => {
  if (headers.authorization !== `Bearer ${KEY}`)
    return { status: 401, body: { detail: { error: 'Unauthorized: missing or invalid API key.' } } };
  if (method !== 'POST' || path !== '/search') return { status: 404 };
  const query = String(body?.query ?? '');
  if (query.length === 0 || query.length > 400 || !within(body?.max_results, 0, 20))
    return { status: 400, body: { detail: { error: 'Invalid.' } } };
  const results = [
    {
      title: 'vLLM',
      url: 'https://docs.vllm.ai/',
      content: 'Serving models.',
      score: 0.9,
      published_date: 'Tue, 05 Mar 2024 10:00:00 GMT',
    },
  ];
  return {
    body: { query, images: [], results: isNothing(query) ? [] : results, response_time: 0.8, request_id: 'r1' },
  };
};

/** api.exa.ai. */
export const exaService: Behaviour = ({ method, path, headers, body }) => {
  if (headers['x-api-key'] !== KEY)
    return { status: 401, body: { requestId: 'r', error: 'Invalid API key', tag: 'INVALID_API_KEY' } };
  if (method !== 'POST' || path !== '/search' || !body?.query)
    return { status: 400, body: { error: 'INVALID_REQUEST_BODY' } };
  const results = [
    {
      id: 'https://docs.vllm.ai/',
      title: 'vLLM',
      url: 'https://docs.vllm.ai/',
      publishedDate: '2023-06-20T00:00:00.000Z',
      author: 'W. Kwon',
      highlights: ['First passage.', 'Second passage.'],
      highlightScores: [0.5, 0.4],
    },
  ];
  return { body: { requestId: 'r', resolvedSearchType: 'neural', results: isNothing(body.query) ? [] : results } };
};

const wikiSearch = (query: Seen['query']) => [
  {
    ns: 0,
    title: 'Graphics processing unit: a/b',
    pageid: 1,
    snippet: 'A <span class="searchmatch">GPU</span> is a &quot;chip&quot;',
  },
  { ns: 0, title: query.srsearch === 'GPU 显存' ? '显示 内存' : 'VRAM', pageid: 2, snippet: '' },
];

/** A language's Wikipedia, with its code as the first part of the path. */
export const wikipediaService: Behaviour = ({ path, query }) => {
  if (!/^\/[a-z]+\/w\/api\.php$/.test(path)) return { status: 404 };
  if (query.action !== 'query' || query.list !== 'search') return { body: { error: { code: 'badvalue', info: '' } } };
  if ((query.srsearch ?? '').length > 300)
    return { body: { error: { code: 'cirrussearch-query-too-long', info: '' } } };
  return { body: { batchcomplete: true, query: { search: isNothing(query.srsearch) ? [] : wikiSearch(query) } } };
};

/** Wikimedia Commons; the pages of a generator come by page id. */
export const commonsService: Behaviour = ({ path, query }) => {
  if (path !== '/w/api.php') return { status: 404 };
  if (query.generator !== 'search' || query.gsrnamespace !== '6')
    return { body: { error: { code: 'badvalue', info: '' } } };
  if (query.gsrsearch?.endsWith(NOTHING)) return { body: { batchcomplete: true } };
  const page = (title: string, index: number, extmetadata: object) => ({
    pageid: 100 - index,
    ns: 6,
    title: `File:${title}`,
    index,
    imageinfo: [
      {
        url: `https://upload.example.org/${index}.jpg`,
        descriptionurl: `https://commons.example.org/wiki/File:${index}.jpg`,
        thumburl: `https://upload.example.org/thumb/${index}.jpg`,
        width: 4000,
        height: 3000,
        extmetadata,
      },
    ],
  });
  const cat = {
    ImageDescription: { value: '<p>A <i>tabby</i> cat</p>', source: 'commons-desc-page' },
    Artist: { value: '<a href="//commons.wikimedia.org/wiki/User:Ann">Ann</a>' },
    LicenseShortName: { value: 'CC BY-SA 4.0' },
    DateTimeOriginal: { value: '2015-07-08 12:00:00' },
  };
  return {
    body: { batchcomplete: true, query: { pages: [page('Second.png', 2, {}), page('Tabby cat.jpg', 1, cat)] } },
  };
};
