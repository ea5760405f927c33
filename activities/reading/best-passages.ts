import type { Evidence } from '../corpus/evidence.ts';
import type { ReadableDocument } from '../documents/readable-document.ts';
import { inThread } from '../ranking/thread.ts';
import { selectPassages } from './select-passages.ts';

/** In characters: ranking a page takes a millisecond for a thousand of them. */
const SHORT = 20_000;

/** The passages of a page that say the most for a goal by its words, as of a document of a folder. */
export async function bestPassages(
  document: ReadableDocument,
  goal: string,
  budget: number,
  signal?: AbortSignal,
): Promise<Evidence> {
  if (document.text.length <= SHORT) return selectPassages(document, goal, budget);
  return inThread('passages', { document, goal, budget }, signal);
}
