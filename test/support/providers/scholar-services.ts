import type { Behaviour } from './local-server.ts';
import { KEY, NOTHING } from './web-services.ts';

/** api.openalex.org, with or without a key; a wrong one is a 401. */
export const openAlexService: Behaviour = ({ path, query }) => {
  if (path !== '/works') return { status: 404 };
  if (query.api_key !== undefined && query.api_key !== KEY)
    return { status: 401, body: { error: 'Invalid API key', message: `${query.api_key}` } };
  if (/[?*]/.test(query.search ?? '') || Number(query.per_page) > 100)
    return { status: 400, body: { error: 'Invalid query parameters error.' } };
  const results = [
    {
      id: 'https://openalex.org/W1',
      doi: 'https://doi.org/10.1000/xyz',
      display_name: 'Attention in <i>networks</i>',
      publication_date: '2017-06-12',
      publication_year: 2017,
      cited_by_count: 12,
      authorships: [{ author: { display_name: 'Ann One' } }, { author: { display_name: 'Bo Two' } }],
      primary_location: {
        landing_page_url: 'https://doi.org/10.1000/xyz',
        pdf_url: null,
        source: { display_name: 'Journal of Tests' },
      },
      best_oa_location: {
        landing_page_url: 'https://repo.example.org/1',
        pdf_url: 'https://repo.example.org/1.pdf',
        source: null,
      },
      abstract_inverted_index: { We: [0, 4], show: [1], attention: [2, 5], 'works.': [3] },
    },
    {
      id: 'https://openalex.org/W2',
      doi: null,
      display_name: null,
      primary_location: null,
      abstract_inverted_index: null,
    },
  ];
  return { body: { meta: { count: 2 }, results: query.search === NOTHING ? [] : results, group_by: [] } };
};

/** api.semanticscholar.org. */
export const semanticScholarService: Behaviour = ({ path, query, headers }) => {
  if (path !== '/graph/v1/paper/search') return { status: 404 };
  if (headers['x-api-key'] !== undefined && headers['x-api-key'] !== KEY)
    return { status: 403, body: { message: 'Forbidden' } };
  if (!query.query || Number(query.limit) > 100) return { status: 400, body: { error: 'Unacceptable query params' } };
  if (query.query === NOTHING) return { body: { total: 0, offset: 0 } };
  const paper = {
    paperId: 'p1',
    url: 'https://www.semanticscholar.org/paper/p1',
    title: 'Attention is all you need',
    abstract: null,
    tldr: { model: 'tldr@v2', text: 'A new architecture.' },
    venue: 'NeurIPS',
    year: 2017,
    publicationDate: '2017-06-12',
    citationCount: 100000,
    authors: [{ authorId: '1', name: 'A. Vaswani' }],
    externalIds: { ArXiv: '1706.03762', DOI: '10.1000/abc' },
    openAccessPdf: { url: 'https://example.org/1.pdf', status: 'GREEN' },
  };
  const other = {
    paperId: 'p2',
    url: 'https://www.semanticscholar.org/paper/p2',
    title: 'Other',
    year: 2001,
    externalIds: {},
    openAccessPdf: null,
  };
  return { body: { total: 2, offset: 0, data: [paper, other] } };
};

/** api.crossref.org. */
export const crossrefService: Behaviour = ({ path, query }) => {
  if (path !== '/works') return { status: 404, headers: { 'content-type': 'text/plain' }, body: 'Resource not found.' };
  const items = [
    {
      DOI: '10.1000/xyz',
      URL: 'https://doi.org/10.1000/xyz',
      title: ['Salt &amp;amp; <i>water</i>'],
      abstract: '<jats:title>Abstract</jats:title><jats:p>Water dissolves salt.</jats:p>',
      author: [{ given: 'Ann', family: 'One', sequence: 'first' }, { name: 'The Salt Group' }],
      'container-title': ['Journal of Tests'],
      issued: { 'date-parts': [[2019, 5]] },
      'is-referenced-by-count': 7,
    },
    { DOI: '10.1000/none', title: [], issued: { 'date-parts': [[null]] } },
  ];
  return {
    body: {
      status: 'ok',
      'message-type': 'work-list',
      message: { 'total-results': 2, items: query['query.bibliographic'] === NOTHING ? [] : items },
    },
  };
};

const FEED_HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom">
  <link href="http://arxiv.org/api/query?search_query=x" rel="self" type="application/atom+xml"/>
  <title type="html">ArXiv Query: search_query=x</title>
  <id>http://arxiv.org/api/abc</id>`;

export const arxivFeed = (...entries: string[]) => `${FEED_HEAD}\n${entries.join('\n')}\n</feed>`;

const ENTRY = `<entry>
  <id>http://arxiv.org/abs/1706.03762v7</id>
  <updated>2023-08-02T00:41:18Z</updated>
  <published>2017-06-12T17:57:34Z</published>
  <title>Attention Is All
  You Need &amp; More</title>
  <summary>  The dominant models
are &lt; complex. </summary>
  <author><name>Ashish Vaswani</name><arxiv:affiliation>Google</arxiv:affiliation></author>
  <author><name>Noam Shazeer</name></author>
  <arxiv:journal_ref>NeurIPS 30 (2017)</arxiv:journal_ref>
  <link href="http://arxiv.org/abs/1706.03762v7" rel="alternate" type="text/html"/>
  <link title="pdf" href="http://arxiv.org/pdf/1706.03762v7" rel="related" type="application/pdf"/>
</entry>`;

/** export.arxiv.org. */
export const arxivService: Behaviour = ({ path, query }) => {
  if (path !== '/api/query') return { status: 404 };
  const headers = { 'content-type': 'application/atom+xml; charset=UTF-8' };
  const isNothing = query.search_query === 'all:zxqv AND all:nothing';
  return { headers, body: isNothing ? arxivFeed() : arxivFeed(ENTRY) };
};
