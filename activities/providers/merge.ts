import { pageKey } from './page-key.ts';
import type { SearchHit } from './provider.ts';

/** Damps the lead of first places, so that what two providers find in the middle beats what one finds on top. */
const RANK_OFFSET = 60;

/**
 * One list from several providers' lists (or one), by reciprocal rank; the same page is one hit. At most `limit` hits.
 * The hit's text is the first provider's; what it lacks comes from the others.
 */
export function mergeHits(lists: SearchHit[][], limit: number): SearchHit[] {
  const pages = new Map<string, { hit: SearchHit; score: number }>();
  for (const list of lists) {
    const seen = new Set<string>();
    for (const [rank, hit] of list.entries()) {
      // Two pictures of one page are two hits.
      const key = hit.image ? `image ${pageKey(hit.image.url)}` : pageKey(hit.url);
      const score = seen.has(key) ? 0 : 1 / (RANK_OFFSET + rank);
      seen.add(key);
      const page = pages.get(key);
      if (page) pages.set(key, { hit: completed(page.hit, hit), score: page.score + score });
      else pages.set(key, { hit, score });
    }
  }
  // The sort is stable: equal scores stay in the order of the providers.
  const ordered = [...pages.values()].sort((a, b) => b.score - a.score);
  return ordered.slice(0, limit).map(({ hit }) => hit);
}

function completed(first: SearchHit, other: SearchHit): SearchHit {
  const alsoFrom = new Set([...(first.alsoFrom ?? []), other.provider]);
  alsoFrom.delete(first.provider);
  const hit: SearchHit = { ...other, ...first, snippet: first.snippet || other.snippet };
  delete hit.alsoFrom;
  // `2017-06-12` knows more than `2017`; another year is another edition.
  if (first.published && other.published?.startsWith(first.published)) hit.published = other.published;
  if (alsoFrom.size > 0) hit.alsoFrom = [...alsoFrom];
  return hit;
}
