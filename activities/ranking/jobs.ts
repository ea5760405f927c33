import type { Hit } from '../corpus/corpus.ts';
import { readForVisit } from '../corpus/read-for-visit.ts';
import { closeSharedCorpora, sharedCorpus } from '../corpus/shared-corpus.ts';
import type { ReadableDocument } from '../documents/readable-document.ts';
import { selectPassages } from '../reading/select-passages.ts';
import { verbatimFinder } from '../reading/verbatim.ts';

/** A folder of documents, and the folder of its index. */
export interface Folder {
  folder: string;
  stateDir: string;
}

/** What the thread does. Arguments and results are copied between the threads. */
export const jobs = {
  /** The hits of each query among a folder's documents. */
  async search(
    { folder, stateDir, queries, limit }: Folder & { queries: string[]; limit: number },
    signal: AbortSignal,
  ) {
    const corpus = await sharedCorpus(folder, { stateDir }, signal);
    return queries.map((query): Hit[] => corpus.search(query, limit));
  },

  /** What a folder's document says for a goal. */
  async open({ folder, stateDir, url, goal }: Folder & { url: string; goal: string }, signal: AbortSignal) {
    const corpus = await sharedCorpus(folder, { stateDir }, signal);
    return readForVisit(corpus, url, goal);
  },

  /** The passages of a page that say the most for a goal. */
  async passages({ document, goal, budget }: { document: ReadableDocument; goal: string; budget: number }) {
    return selectPassages(document, goal, budget);
  },

  /** Where the quotes of each reader stand in a long page. */
  async verbatim({ page, quotes }: { page: string; quotes: string[][] }) {
    const find = verbatimFinder(page);
    return quotes.map((each) => each.flatMap(find));
  },

  /** Closes the indexes; the next job opens what it needs. */
  close: () => closeSharedCorpora(),
} satisfies Record<string, (input: never, signal: AbortSignal) => Promise<unknown>>;

export type Jobs = typeof jobs;
