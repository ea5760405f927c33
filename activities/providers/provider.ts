/** What is looked for: pages, papers or pictures. */
export type SearchKind = 'web' | 'scholar' | 'images';

/** One query, ready to be sent to any provider. */
export interface SearchQuery {
  text: string;
  /** ISO 639-1 code of the language that results should have. */
  language: string;
  /** ISO 3166-1 code of the country to search from, in capitals. */
  region?: string;
  /** The most hits wanted; a provider may give fewer, never more. */
  limit: number;
}

/** One result, the same for all providers. Texts are plain: no markup, no entities, no line breaks. */
export interface SearchHit {
  title: string;
  /** Absolute http(s) address. For images this is the page that shows the image. */
  url: string;
  /** What the provider tells of the page; may be empty. */
  snippet: string;
  /** ISO 8601 date as exact as the provider knows it: `2017-06-12`, `2017-06` or `2017`. */
  published?: string;
  /** Name of the site, journal or conference. */
  source?: string;
  authors?: string[];
  citedBy?: number;
  /** Where the full text can be read freely. */
  pdfUrl?: string;
  image?: SearchImage;
  /** Name of the provider that found it. */
  provider: string;
  /** Other providers that found the same page. */
  alsoFrom?: string[];
}

export interface SearchImage {
  /** Address of the picture itself. */
  url: string;
  thumbnailUrl?: string;
  /** Size in pixels. */
  width?: number;
  height?: number;
}

/** A service that can be searched. */
export interface Provider {
  name: string;
  kind: SearchKind;
  /** Milliseconds that its terms of use want between the starts of two requests. */
  minIntervalMs?: number;
  /**
   * The hits in the provider's order; an empty list is an answer.
   * Throws `ProviderError` for every fault, and the signal's own reason when the caller aborts.
   */
  search(query: SearchQuery, signal: AbortSignal): Promise<SearchHit[]>;
}

/** Options that all providers share. */
export interface ProviderOptions {
  /** Address of the service; the public one by default. */
  baseUrl?: string;
  /** Mail address or page that the service's operators can turn to; part of the User-Agent. */
  contact?: string;
  /** Milliseconds for one request with its answer. Default 20,000. */
  timeoutMs?: number;
}

/** Options of a provider that knows its callers by key. */
export interface KeyedProviderOptions extends ProviderOptions {
  apiKey: string;
}
