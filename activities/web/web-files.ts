import { addressPolicy } from './address.ts';
import type { Network } from './connector.ts';
import type { ContentKind } from './content-kind.ts';
import { robotsPermit } from './robots.ts';
import { type Fetched, type SafeFetchOptions, safeFetch, userAgent } from './safe-fetch.ts';
import type { WebSettings } from './web-pages.ts';

export interface WantedFile {
  accept: readonly ContentKind[];
  maxBytes: number;
  /** From the call to the last byte, in milliseconds. */
  totalMs: number;
}

/** Fetches a file as it is, under the same rules as pages. Throws `ToolError` with a sentence for the model. */
export type FetchFile = (url: string, wanted: WantedFile, signal: AbortSignal) => Promise<Fetched>;

export function webFiles(settings: WebSettings, network?: Network): FetchFile {
  const policy = addressPolicy(settings.allowPrivate);
  const base: SafeFetchOptions = { policy, userAgent: userAgent(settings.contact), network };
  const permit = settings.robots ? { permit: robotsPermit(base) } : {};
  return (url, { accept, maxBytes, totalMs }, signal) =>
    safeFetch(url, { ...base, ...permit, accept, limits: { maxBytes, totalMs } }, signal);
}
