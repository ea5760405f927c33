import { setTimeout as sleep } from 'node:timers/promises';
import { type Cache, noCache } from '../cache/cache.ts';
import { readDocument } from '../documents/read-document.ts';
import type { ReadableDocument } from '../documents/readable-document.ts';
import { ToolError } from '../tools/tool.ts';
import { addressPolicy } from './address.ts';
import type { Network } from './connector.ts';
import { displayUrl, FetchError } from './fetch-error.ts';
import { JinaFailure, type JinaSettings, readWithJina } from './jina.ts';
import { keptPages } from './kept-pages.ts';
import { leadsToPublic } from './leads-to-public.ts';
import { type DocumentReader, readPage } from './read-page.ts';
import { robotsPermit } from './robots.ts';
import { type SafeFetchOptions, userAgent } from './safe-fetch.ts';

/** How a worker opens pages of the web. */
export interface WebSettings {
  /** Hosts, addresses and ranges that are not public and may be opened all the same, see `addressPolicy`. */
  allowPrivate: readonly string[];
  /** Whether pages that a site's robots.txt closes to programs stay closed. */
  robots: boolean;
  /** Where a site's operator reaches ours; stands in the User-Agent. */
  contact?: string;
  /** Whether long pages are read by model calls for the goal. */
  readByModel?: boolean;
  /** Reads public pages that need a browser. Without it they cannot be read. */
  jina?: JinaSettings;
}

/** A page as text. */
export interface WebPage {
  document: ReadableDocument;
  /** Who opened it. */
  from: 'web' | 'jina';
  /** SHA-256 of the page's bytes, by which the cache gives them again. */
  sha256?: string;
  /** When it was opened, in epoch milliseconds, if that was for an earlier call. */
  storedAt?: number;
}

/** Opens a page. Throws `ToolError` with a sentence for the model. */
export type OpenPage = (url: string, signal: AbortSignal) => Promise<WebPage>;

export interface WebPagesOptions {
  /** Default: in this process. */
  read?: DocumentReader;
  cache?: Cache;
  /** Default: the machine's resolver and TCP. */
  network?: Network;
}

/** A server that restarts, or a connection that broke, is often well a moment later. */
const RETRY_AFTER_MS = 1000;
/** After these the same request has cost its time already, or has been told to stay away for longer. */
const NOT_AGAIN = new Set([408, 425, 429]);

export function webPages(settings: WebSettings, options: WebPagesOptions = {}): OpenPage {
  const { read = readDocument, cache = noCache, network } = options;
  const policy = addressPolicy(settings.allowPrivate);
  const base: SafeFetchOptions = { policy, userAgent: userAgent(settings.contact), network };
  const fetchOptions = settings.robots ? { ...base, permit: robotsPermit(base) } : base;
  const kept = keptPages(cache);

  async function fetchPage(url: string, signal: AbortSignal): Promise<WebPage> {
    const { document, fetched } = await readPage(url, read, fetchOptions, signal);
    if (document.needsScripts) return { document, from: 'web' };
    return { document, from: 'web', sha256: await cache.putPage(fetched.bytes) };
  }

  async function fetchTwice(url: string, signal: AbortSignal): Promise<WebPage> {
    try {
      return await fetchPage(url, signal);
    } catch (error) {
      if (!isWorthAnother(error)) throw error;
    }
    await sleep(RETRY_AFTER_MS, undefined, { signal });
    return fetchPage(url, signal);
  }

  /** A page that scripts fill, by a service that has a browser. */
  async function withBrowser(url: string, page: WebPage, signal: AbortSignal): Promise<WebPage> {
    const needsBrowser = `The page at ${displayUrl(url)} shows its content only by scripts in a browser`;
    const about = page.document.text.trim();
    const said = about ? ` Of itself it says: ${about.slice(0, 500).toWellFormed()}` : '';
    if (!settings.jina) throw new ToolError(`${needsBrowser}, which this worker does not have.${said}`);
    // The service must not learn of an intranet's pages, and could not read them.
    if (!(await leadsToPublic(url, network))) throw new ToolError(`${needsBrowser}, and is not a public page.${said}`);
    try {
      return { document: await readWithJina(url, settings.jina, signal), from: 'jina' };
    } catch (error) {
      if (!(error instanceof JinaFailure)) throw error;
      throw new ToolError(`${needsBrowser}, and the reader service for such pages ${error.message}.${said}`);
    }
  }

  return async (url, signal) => {
    const before = await kept.get(url);
    if (before) return before;
    const fetched = await fetchTwice(url, signal);
    const page = fetched.document.needsScripts ? await withBrowser(url, fetched, signal) : fetched;
    await kept.put(url, page);
    return page;
  };
}

const isWorthAnother = (error: unknown): boolean =>
  error instanceof FetchError && error.transient && error.kind !== 'timeout' && !NOT_AGAIN.has(error.status ?? 0);
