import { resolve } from 'node:path';
import { type Corpus, type CorpusOptions, corpusRoot, openCorpus } from './corpus.ts';
import { indexPath } from './index-file.ts';

/** A folder that was refreshed this recently is taken to be unchanged, in milliseconds. */
const FRESH_FOR = 3000;

/** A large folder is looked through less often, so that this costs at most a tenth of the time. */
const FRESH_FOR_TIMES_DURATION = 10;

interface SharedCorpus {
  corpus: Promise<Corpus>;
  /** When it is to be refreshed again, on the clock of `performance.now()`. */
  staleAt: number;
  /** The refresh that runs, with the number of calls that wait for it. */
  running?: { done: Promise<unknown>; abort: AbortController; waiting: number };
}

const open = new Map<string, SharedCorpus>();

/**
 * The corpus of a folder, up to date to a few seconds, opened once a thread. Calls at the same time share one refresh;
 * it ends early only when all of them have been aborted.
 */
export async function sharedCorpus(dir: string, options: CorpusOptions, signal?: AbortSignal): Promise<Corpus> {
  signal?.throwIfAborted();
  const key = indexPath(corpusRoot(dir), resolve(options.stateDir));
  let shared = open.get(key);
  if (!shared) {
    shared = { corpus: openCorpus(dir, options), staleAt: 0 };
    open.set(key, shared);
    shared.corpus.catch(() => open.delete(key));
  }
  const corpus = await shared.corpus;
  if (performance.now() >= shared.staleAt) await refreshTogether(shared, corpus, signal);
  return corpus;
}

/** Closes every index that `sharedCorpus` opened in this thread. */
export async function closeSharedCorpora(): Promise<void> {
  const all = [...open.values()];
  open.clear();
  for (const { corpus, running } of all) {
    running?.abort.abort();
    await running?.done.catch(() => {});
    (await corpus).close();
  }
}

async function refreshTogether(shared: SharedCorpus, corpus: Corpus, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const running = shared.running ?? startRefresh(shared, corpus);
  running.waiting++;
  const stopped = Promise.withResolvers<never>();
  const leave = () => {
    stopped.reject(signal?.reason);
    if (--running.waiting > 0) return;
    running.abort.abort(signal?.reason);
    // A call that comes now must not join a refresh that is about to fail.
    if (shared.running === running) shared.running = undefined;
  };
  signal?.addEventListener('abort', leave, { once: true });
  try {
    await Promise.race([running.done, stopped.promise]);
  } finally {
    signal?.removeEventListener('abort', leave);
  }
}

function startRefresh(shared: SharedCorpus, corpus: Corpus): NonNullable<SharedCorpus['running']> {
  const abort = new AbortController();
  const startedAt = performance.now();
  const done = corpus.refresh(abort.signal).then(
    () => {
      const now = performance.now();
      shared.staleAt = now + Math.max(FRESH_FOR, (now - startedAt) * FRESH_FOR_TIMES_DURATION);
      if (shared.running === running) shared.running = undefined;
    },
    (error) => {
      if (shared.running === running) shared.running = undefined;
      throw error;
    },
  );
  // Whoever waits gets the error; without anyone waiting it is nobody's.
  done.catch(() => {});
  const running = { done, abort, waiting: 0 };
  shared.running = running;
  return running;
}
