import { z } from 'zod';
import type { Cache } from '../cache/cache.ts';
import type { WebPage } from './web-pages.ts';

/** Longer texts are read again from the page's bytes, in characters. */
const MOST_KEPT = 2_000_000;

/** Another version may have put what is found there. */
const Page: z.ZodType<Omit<WebPage, 'storedAt'>> = z.object({
  document: z.object({
    title: z.string().optional(),
    text: z.string(),
    kind: z.enum(['markdown', 'text', 'html', 'pdf', 'csv', 'tsv', 'json']),
  }),
  from: z.enum(['web', 'browser', 'jina']),
  sha256: z.string().optional(),
});

/** The pages among what is kept over sessions, as texts, by their addresses. */
export function keptPages(cache: Cache) {
  // A place in the page is the reader's business; `#/` and `#!` are addresses of their own that scripts read.
  const named = (url: string) => `page ${url.replace(/#(?![/!]).*$/, '')}`;
  return {
    async get(url: string): Promise<WebPage | undefined> {
      const kept = await cache.get(named(url));
      const page = kept && Page.safeParse(kept.value);
      return page?.success ? { ...page.data, storedAt: kept!.storedAt } : undefined;
    },

    async put(url: string, page: WebPage): Promise<void> {
      if (page.document.text.length <= MOST_KEPT) await cache.put(named(url), page);
    },
  };
}
