import { inThread } from '../ranking/thread.ts';
import { type Span, verbatimFinder } from './verbatim.ts';

/** In characters: a longer page takes longer than a tenth of a second. */
const SHORT = 200_000;

/** Where the quotes of each reader stand in a page. */
export async function findVerbatim(page: string, quotes: string[][], signal?: AbortSignal): Promise<Span[][]> {
  if (page.length > SHORT) return inThread('verbatim', { page, quotes }, signal);
  const find = verbatimFinder(page);
  return quotes.map((each) => each.flatMap(find));
}
