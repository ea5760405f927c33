import { createServer, type RequestListener } from 'node:http';
import { addressPolicy } from '../../activities/web/address.ts';
import { findChromium } from '../../activities/web/browser/find-chromium.ts';
import { type PageBrowser, type PageBrowserOptions, pageBrowser } from '../../activities/web/browser/page-browser.ts';
import type { RenderedPage } from '../../activities/web/browser/render-page.ts';
import { listening, PUBLIC, type RecordingNetwork, recordingNetwork } from '../unit/safe-fetch-network.ts';

export interface Stand {
  browser: PageBrowser;
  network: RecordingNetwork;
  /** What came to the sites, as `host/path`. */
  seen: string[];
  open(path: string, signal?: AbortSignal): Promise<RenderedPage>;
  /** The sentence of a page that cannot be had. */
  refused(path: string): Promise<string>;
  close(): Promise<void>;
}

/** Root cannot have the sandbox. */
export const chromiumHere = () => ({ path: findChromium('auto'), sandbox: process.getuid?.() !== 0 });

export type Site = Record<string, string | RequestListener>;

/** A browser in a world in which all public names lead to one local server. */
export async function openStand(
  pages: Site,
  options: Partial<PageBrowserOptions> & { names?: Record<string, string[] | string[][]> } = {},
): Promise<Stand> {
  const { names = {}, ...others } = options;
  const seen: string[] = [];
  const site = await listening(
    createServer((request, response) => {
      const path = request.url!.split('?')[0]!;
      seen.push(`${request.headers.host}${path}`);
      const page = pages[path];
      if (typeof page === 'function') page(request, response);
      else if (page === undefined) response.writeHead(404).end();
      else response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
    }),
  );
  const network = recordingNetwork({ 'site.example': [PUBLIC], 'other.example': [PUBLIC], ...names }, site.port);
  const browser = pageBrowser({
    ...chromiumHere(),
    policy: addressPolicy(),
    userAgent: 'test-reader',
    network,
    ...others,
  });
  const open: Stand['open'] = (path, signal = new AbortController().signal) =>
    browser.render(`http://site.example${path}`, undefined, signal);
  return {
    browser,
    network,
    seen,
    open,
    refused: (path) =>
      open(path).then(
        ({ html }) => `opened: ${html.slice(0, 200)}`,
        (error: Error) => error.message,
      ),
    async close() {
      await browser.close();
      await site.close();
    },
  };
}
