import { z } from 'zod';
import type { Cache } from '../cache/cache.ts';
import { DOCUMENT_KINDS } from '../documents/readable-document.ts';
import type { WebPage } from './web-pages.ts';

/** Longer texts are read again from the page's bytes, in characters. */
const MOST_KEPT = 2_000_000;

/** Another version may have put what is found there. */
const Page: z.ZodType<Omit<WebPage, 'storedAt'>> = z.object({
  document: z.object({
    title: z.string().optional(),
    text: z.string(),
    kind: z.enum(DOCUMENT_KINDS),
  }),
  from: z.enum(['web', 'browser', 'jina']),
  sha256: z.string().optional(),
});

/** The pages among what is kept over sessions, as texts, by their addresses. */
export function keptPages(cache: Cache) {
  // A place in the page is the reader's business; `#/` and `#!` are addresses of their own that scripts read.
  const named = (url: string, members: readonly string[]) =>
    ['page', url.replace(/#(?![/!]).*$/, ''), ...members.map((member) => `#member=${member}`)].join(' ');
  return {
    async get(url: string, members: readonly string[] = []): Promise<WebPage | undefined> {
      const kept = await cache.get(named(url, members));
      const page = kept && Page.safeParse(kept.value);
      return page?.success ? { ...page.data, storedAt: kept!.storedAt } : undefined;
    },

    async put(url: string, page: WebPage, members: readonly string[] = []): Promise<void> {
      if (page.document.text.length <= MOST_KEPT) await cache.put(named(url, members), page);
    },
  };
}
