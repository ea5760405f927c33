import { setTimeout as sleep } from 'node:timers/promises';
import { type Cache, noCache } from '../cache/cache.ts';
import { readDocument } from '../documents/read-document.ts';
import type { ReadableDocument } from '../documents/readable-document.ts';
import type { PageBrowser } from './browser/page-browser.ts';
import { type BrowserSettings, sharedBrowser } from './browser/shared-browser.ts';
import { FetchError } from './fetch-error.ts';
import { fetchOptionsOf } from './fetch-options.ts';
import type { JinaSettings } from './jina.ts';
import { keptPages } from './kept-pages.ts';
import type { Network } from './network.ts';
import { type DocumentReader, readPage } from './read-page.ts';
import { scriptedPages } from './scripted-pages.ts';

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
  /** Opens pages that need a browser. Without it and `jina` they cannot be read. */
  browser?: BrowserSettings;
  /** A service that reads public pages which need a browser, where there is none here or it did not get them. */
  jina?: JinaSettings;
}

/** A page as text. */
export interface WebPage {
  document: ReadableDocument;
  /** Who opened it. */
  from: 'web' | 'browser' | 'jina';
  /** SHA-256 of the page's bytes, by which the cache gives them again. */
  sha256?: string;
  /** When it was opened, in epoch milliseconds, if that was for an earlier call. */
  storedAt?: number;
}

/**
 * Opens a page. Throws `ToolError` with a sentence for the model.
 *
 * @param members of an archive, the file that is wanted, see `DocumentHint`
 */
export type OpenPage = (url: string, signal: AbortSignal, members?: readonly string[]) => Promise<WebPage>;

export interface WebPagesOptions {
  /** Default: in this process. */
  read?: DocumentReader;
  cache?: Cache;
  /** Default: the machine's resolver and TCP. */
  network?: Network;
  /** Default: the one of the settings, if any. */
  browser?: PageBrowser;
}

/** A server that restarts, or a connection that broke, is often well a moment later. */
const RETRY_AFTER_MS = 1000;
/** After these the same request has cost its time already, or has been told to stay away for longer. */
const NOT_AGAIN = new Set([408, 425, 429]);

export function webPages(settings: WebSettings, options: WebPagesOptions = {}): OpenPage {
  const { read = readDocument, cache = noCache, network } = options;
  const fetchOptions = fetchOptionsOf(settings, network);
  const kept = keptPages(cache);
  const { browser: own, jina } = settings;
  const browser = options.browser ?? (own && sharedBrowser({ ...settings, browser: own }));
  const scripted = scriptedPages({ browser, jina, read, cache, network, permit: fetchOptions.permit });

  async function fetchPage(url: string, signal: AbortSignal, members: readonly string[]): Promise<WebPage> {
    const { document, fetched } = await readPage(url, read, fetchOptions, signal, members);
    if (document.needsScripts) return { document, from: 'web' };
    return { document, from: 'web', sha256: await cache.putPage(fetched.bytes) };
  }

  async function fetchTwice(url: string, signal: AbortSignal, members: readonly string[]): Promise<WebPage> {
    try {
      return await fetchPage(url, signal, members);
    } catch (error) {
      if (!isWorthAnother(error)) throw error;
    }
    await sleep(RETRY_AFTER_MS, undefined, { signal });
    return fetchPage(url, signal, members);
  }

  /** The page as a person sees it, where it takes a browser for that or all pages are opened in one. */
  async function asSeen(url: string, page: WebPage, signal: AbortSignal): Promise<WebPage> {
    if (page.document.needsScripts) return scripted.open(url, page.document.text, signal);
    if (own?.pages !== 'all' || page.document.kind !== 'html') return page;
    return (await scripted.tryBrowser(url, signal)) ?? page;
  }

  return async (url, signal, members = []) => {
    const before = await kept.get(url, members);
    if (before) return before;
    const page = await asSeen(url, await fetchTwice(url, signal, members), signal);
    await kept.put(url, page, members);
    return page;
  };
}

const isWorthAnother = (error: unknown): boolean =>
  error instanceof FetchError && error.transient && error.kind !== 'timeout' && !NOT_AGAIN.has(error.status ?? 0);
