import { setTimeout as sleep } from 'node:timers/promises';
import { readDocument } from '../documents/read-document.ts';
import { addressPolicy } from './address.ts';
import { FetchError } from './fetch-error.ts';
import { type DocumentReader, type ReadPage, readPage } from './read-page.ts';
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
}

/** Fetches and reads a page. Throws `ToolError` with a sentence for the model. */
export type OpenPage = (url: string, signal: AbortSignal) => Promise<ReadPage>;

/** A server that restarts, or a connection that broke, is often well a moment later. */
const RETRY_AFTER_MS = 1000;
/** After these the same request has cost its time already, or has been told to stay away for longer. */
const NOT_AGAIN = new Set([408, 425, 429]);

export function webPages(settings: WebSettings, read: DocumentReader = readDocument): OpenPage {
  const base: SafeFetchOptions = {
    policy: addressPolicy(settings.allowPrivate),
    userAgent: userAgent(settings.contact),
  };
  const options = settings.robots ? { ...base, permit: robotsPermit(base) } : base;
  return async (url, signal) => {
    try {
      return await readPage(url, read, options, signal);
    } catch (error) {
      if (!isWorthAnother(error)) throw error;
    }
    await sleep(RETRY_AFTER_MS, undefined, { signal });
    return readPage(url, read, options, signal);
  };
}

const isWorthAnother = (error: unknown): boolean =>
  error instanceof FetchError && error.transient && error.kind !== 'timeout' && !NOT_AGAIN.has(error.status ?? 0);
