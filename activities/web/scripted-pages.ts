import type { Cache } from '../cache/cache.ts';
import { ToolError } from '../tools/tool.ts';
import type { PageBrowser } from './browser/page-browser.ts';
import { displayUrl, FetchError, type FetchErrorKind } from './fetch-error.ts';
import { JinaFailure, type JinaSettings, readWithJina } from './jina.ts';
import { leadsToPublic } from './leads-to-public.ts';
import type { Network } from './network.ts';
import { type DocumentReader, pageHint } from './read-page.ts';
import type { Permit } from './safe-fetch.ts';
import type { WebPage } from './web-pages.ts';

export interface ScriptedPagesOptions {
  browser?: PageBrowser;
  jina?: JinaSettings;
  read: DocumentReader;
  cache: Cache;
  network?: Network;
  permit?: Permit;
}

/** A page that is refused here is not to be had by way of somebody else. */
const REFUSALS = new Set<FetchErrorKind>(['url', 'refused', 'robots']);

/** What of a page's own words is told where its content cannot be had, in characters. */
const MOST_SAID = 500;

/** Pages that show their content only in a browser: opened in ours, else by a service that has one. */
export function scriptedPages({ browser, jina, read, cache, network, permit }: ScriptedPagesOptions) {
  async function inBrowser(url: string, having: PageBrowser, signal: AbortSignal): Promise<WebPage> {
    const rendered = await having.render(url, permit, signal);
    const bytes = Buffer.from(rendered.html);
    const hint = { contentType: 'text/html; charset=utf-8', url: rendered.url, signal };
    const document = await read(bytes, pageHint(url, hint));
    if (document.text.trim() === '') throw new FetchError('browser', url, 'it shows no text in the browser either');
    return { document, from: 'browser', sha256: await cache.putPage(bytes) };
  }

  return {
    /** The page as the browser shows it; none where that does not work out. */
    async tryBrowser(url: string, signal: AbortSignal): Promise<WebPage | undefined> {
      try {
        return browser && (await inBrowser(url, browser, signal));
      } catch (error) {
        if (error instanceof ToolError) return undefined;
        throw error;
      }
    },

    /**
     * Throws `ToolError` where nobody can open the page.
     *
     * @param about what it says of itself without its scripts
     */
    async open(url: string, about: string, signal: AbortSignal): Promise<WebPage> {
      const needsBrowser = `The page at ${displayUrl(url)} shows its content only by scripts in a browser`;
      const said = about.trim() ? ` Of itself it says: ${about.trim().slice(0, MOST_SAID).toWellFormed()}` : '';
      const failed = (why: string) => new ToolError(`${needsBrowser}, ${why}.${said}`);

      let here = '';
      if (browser) {
        try {
          return await inBrowser(url, browser, signal);
        } catch (error) {
          if (!(error instanceof FetchError)) throw error;
          here = `and could not be opened in the one here: ${error.reason}`;
          if (!jina || REFUSALS.has(error.kind)) throw failed(here);
        }
      }
      if (!jina) throw failed('which this worker does not have');
      // The service must not learn of an intranet's pages, and could not read them.
      if (!(await leadsToPublic(url, network))) throw failed(here || 'and is not a public page');
      try {
        return { document: await readWithJina(url, jina, signal), from: 'jina' };
      } catch (error) {
        if (!(error instanceof JinaFailure)) throw error;
        throw failed(`${here && `${here}; `}and the reader service for such pages ${error.message}`);
      }
    },
  };
}
