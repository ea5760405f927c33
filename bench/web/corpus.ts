import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCorpus } from '../../activities/corpus/corpus.ts';
import { quantile } from '../statistics.ts';
import { drawnRank, generator, makeDocuments, word } from './made-documents.ts';

const QUERIES = 300;

export interface CorpusFigures {
  documents: number;
  megabytes: number;
  buildSeconds: number;
  indexMegabytes: number;
  /** A look through the folder when nothing has changed. */
  refreshSeconds: number;
  /** By the number of words in the query. */
  searches: { words: number; medianMs: number; p95Ms: number; worstMs: number }[];
  peakMegabytes: number;
}

const seconds = async (work: () => unknown): Promise<number> => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};

/** Builds the index of a folder of made-up documents, and searches it. */
export async function measureCorpus(documents: number, say: (line: string) => void): Promise<CorpusFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-corpus-'));
  try {
    say(`writing ${documents} documents`);
    const bytes = makeDocuments(join(folder, 'documents'), documents);
    const stateDir = join(folder, 'state');
    const corpus = await openCorpus(join(folder, 'documents'), { stateDir });
    say('building the index');
    const buildSeconds = await seconds(() => corpus.refresh());
    const refreshSeconds = await seconds(() => corpus.refresh());
    say('searching');
    const searches = [2, 4, 8].map((words) => {
      const random = generator(words);
      const times = Array.from({ length: QUERIES }, () => {
        // Nobody searches for the commonest words: they are the "of" and "and" of this language.
        const query = Array.from({ length: words }, () => word(50 + drawnRank(random))).join(' ');
        const start = performance.now();
        corpus.search(query, 10);
        return performance.now() - start;
      });
      return { words, medianMs: quantile(times, 0.5), p95Ms: quantile(times, 0.95), worstMs: Math.max(...times) };
    });
    corpus.close();
    const indexBytes = readdirSync(stateDir).reduce((sum, name) => sum + statSync(join(stateDir, name)).size, 0);
    return {
      documents,
      megabytes: bytes / 1e6,
      buildSeconds,
      indexMegabytes: indexBytes / 1e6,
      refreshSeconds,
      searches,
      peakMegabytes: process.resourceUsage().maxRSS / 1000,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
