import { cleanText, shorten } from './clean-text.ts';
import { isoDate } from './dates.ts';
import { ProviderError } from './failure.ts';
import type { SearchHit, SearchImage } from './provider.ts';

/** What a provider tells of one result, as it came. */
export interface RawHit {
  title?: string;
  url?: string;
  snippet?: string;
  published?: string;
  source?: string;
  authors?: (string | undefined)[];
  citedBy?: number;
  pdfUrl?: string;
  image?: Partial<SearchImage>;
}

/** A long abstract has 2,000 characters; what is longer is a whole page, and no place in a list of results. */
const SNIPPET_LIMIT = { characters: 2000 };

/**
 * At most `limit` hits of a provider. Results without an address that can be opened are left out; where that leaves
 * none, the provider has changed its answers, and that is better said than taken for nothing found.
 */
export function toHits(provider: string, limit: number, results: RawHit[]): SearchHit[] {
  const hits = results.flatMap((raw) => toHit(provider, raw) ?? []);
  if (hits.length > 0 || results.length === 0) return hits.slice(0, limit);
  throw new ProviderError('bad-answer', provider, `${provider} answered with results that have no address.`);
}

function toHit(provider: string, raw: RawHit): SearchHit | undefined {
  const url = webAddress(raw.url);
  if (!url) return undefined;
  const hit: SearchHit = {
    title: cleanText(raw.title) || url,
    url,
    snippet: bounded(cleanText(raw.snippet)),
    provider,
  };
  const published = isoDate(raw.published);
  if (published) hit.published = published;
  const source = cleanText(raw.source);
  if (source) hit.source = source;
  const authors = (raw.authors ?? []).map(cleanText).filter((author) => author !== '');
  if (authors.length > 0) hit.authors = authors;
  if (raw.citedBy !== undefined) hit.citedBy = raw.citedBy;
  const pdfUrl = webAddress(raw.pdfUrl);
  if (pdfUrl) hit.pdfUrl = pdfUrl;
  const image = toImage(raw.image);
  if (image) hit.image = image;
  return hit;
}

function bounded(snippet: string): string {
  const short = shorten(snippet, SNIPPET_LIMIT);
  return short === snippet ? snippet : `${short} …`;
}

function toImage(raw: Partial<SearchImage> | undefined): SearchImage | undefined {
  const url = webAddress(raw?.url);
  if (!raw || !url) return undefined;
  const image: SearchImage = { url };
  const thumbnailUrl = webAddress(raw.thumbnailUrl);
  if (thumbnailUrl) image.thumbnailUrl = thumbnailUrl;
  if (raw.width && raw.height) Object.assign(image, { width: raw.width, height: raw.height });
  return image;
}

/** The address if it is an absolute http(s) one; `//host/…` is read as https. */
function webAddress(address: string | undefined): string | undefined {
  const text = address?.trim().replace(/^\/\//, 'https://');
  return text && /^https?:\/\//i.test(text) && URL.canParse(text) ? text : undefined;
}
