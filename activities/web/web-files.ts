import type { ContentKind } from './content-kind.ts';
import { fetchOptionsOf } from './fetch-options.ts';
import type { Network } from './network.ts';
import { type Fetched, safeFetch } from './safe-fetch.ts';
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
  const options = fetchOptionsOf(settings, network);
  return (url, { accept, maxBytes, totalMs }, signal) =>
    safeFetch(url, { ...options, accept, limits: { maxBytes, totalMs } }, signal);
}
