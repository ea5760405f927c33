import { z } from 'zod';
import type { Cache } from '../cache/cache.ts';
import type { SearchHit } from './provider.ts';
import type { SearchCache } from './search-all.ts';

const text = z.string();
const whole = z.number();

/** Another version may have put what is found there. */
const Hits: z.ZodType<SearchHit[]> = z.array(
  z.object({
    title: text,
    url: text,
    snippet: text,
    published: text.optional(),
    source: text.optional(),
    authors: z.array(text).optional(),
    citedBy: whole.optional(),
    pdfUrl: text.optional(),
    image: z
      .object({ url: text, thumbnailUrl: text.optional(), width: whole.optional(), height: whole.optional() })
      .optional(),
    provider: text,
    alsoFrom: z.array(text).optional(),
  }),
);

/** The answers of searches among what is kept over sessions: of all, or of those that share this name. */
export function keptHits(cache: Cache, shared?: string): SearchCache {
  const named = (key: string) =>
    shared === undefined ? `search ${key}` : `shared search ${JSON.stringify([shared, key])}`;
  return {
    async get(key) {
      const kept = await cache.get(named(key));
      const hits = kept && Hits.safeParse(kept.value);
      return hits?.success ? { hits: hits.data, storedAt: kept!.storedAt } : undefined;
    },
    set: (key, hits) => cache.put(named(key), hits),
  };
}
