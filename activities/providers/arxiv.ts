import type { DomElement } from '../documents/html/dom.ts';
import { parseXml } from '../documents/parse-xml.ts';
import { askText } from './ask.ts';
import { ProviderError } from './failure.ts';
import { toHits } from './hit.ts';
import type { Provider, ProviderOptions } from './provider.ts';

/** https://info.arxiv.org/help/api/user-manual.html: an Atom feed, relevance first. */
export function arxiv(options: ProviderOptions): Provider {
  const name = 'arxiv';
  return {
    name,
    kind: 'scholar',
    // The terms of use want three seconds between two requests.
    minIntervalMs: 3000,
    async search({ text, limit }, signal) {
      const { text: feed } = await askText({
        provider: name,
        baseUrl: options.baseUrl ?? 'https://export.arxiv.org',
        path: '/api/query',
        query: {
          search_query: arxivQuery(text),
          start: 0,
          max_results: Math.min(limit, 100),
          sortBy: 'relevance',
          sortOrder: 'descending',
        },
        headers: { accept: 'application/atom+xml' },
        options,
        signal,
      });
      return toHits(name, limit, entriesOf(feed).map(toRaw));
    },
  };
}

/** Small words that would have to stand in the paper too. */
const STOP_WORDS = new Set(
  'a an and are as at be by can do does for from how in is it of on or not that the to was were what when where which who why with'.split(
    ' ',
  ),
);

/**
 * The query in arXiv's language: all its words anywhere, phrases in quotes as they are. A query that already names
 * arXiv's fields (`ti:`, `au:`, `cat:` …) is passed on.
 */
export function arxivQuery(text: string): string {
  if (/\b(?:ti|au|abs|co|jr|cat|rn|id|all):\S/.test(text)) return text;
  const terms = text.match(/"[^"]+"|[\p{L}\p{N}][\p{L}\p{M}\p{N}.+'-]*/gu) ?? [];
  const telling = terms.filter((term) => !STOP_WORDS.has(term.toLowerCase()));
  const chosen = telling.length > 0 ? telling : terms;
  return chosen.length > 0 ? chosen.map((term) => `all:${term.replace(/[.']+$/, '')}`).join(' AND ') : `all:${text}`;
}

function entriesOf(feed: string): DomElement[] {
  // Throttling comes as plain text, at times with status 200.
  if (/^\s*rate exceeded/i.test(feed)) {
    throw new ProviderError('rate-limited', 'arxiv', 'arxiv is asked too often.');
  }
  const isFeed = /<feed[\s>]/.test(feed);
  if (!isFeed)
    throw new ProviderError('bad-answer', 'arxiv', 'arxiv answered with something that is not an Atom feed.');
  const entries = [...(parseXml(feed)?.querySelectorAll('entry') ?? [])];
  // A query it cannot read is one entry whose id lies below /api/errors.
  if (entries.some((entry) => textOf(entry, 'id')?.includes('/api/errors'))) {
    throw new ProviderError('bad-answer', 'arxiv', 'arxiv did not accept the query.');
  }
  return entries;
}

function toRaw(entry: DomElement) {
  const pdf = [...entry.querySelectorAll('link')].find((link) => link.getAttribute('title') === 'pdf');
  return {
    title: textOf(entry, 'title'),
    url: textOf(entry, 'id')?.replace(/^http:/, 'https:'),
    snippet: textOf(entry, 'summary'),
    published: textOf(entry, 'published'),
    source: textOf(entry, 'arxiv\\:journal_ref') ?? 'arXiv',
    authors: [...entry.querySelectorAll('author name')].map((name) => name.textContent ?? ''),
    pdfUrl: pdf?.getAttribute('href')?.replace(/^http:/, 'https:'),
  };
}

const textOf = (entry: DomElement, selector: string) => entry.querySelector(selector)?.textContent?.trim() || undefined;
