import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ToolError } from '../tools/tool.ts';
import type { Jobs } from './jobs.ts';
import type { Answered, Asked } from './program.ts';

const PROGRAM = new URL(`./program${extname(import.meta.url)}`, import.meta.url);

interface Waiting {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

interface Thread {
  worker: Worker;
  waiting: Map<number, Waiting>;
}

let thread: Thread | undefined;
let jobsSoFar = 0;

/**
 * Does a job in the thread for searching and ranking, of which a process has one. A search in a large folder takes
 * SQLite tenths of a second, and so do the passages of a long page: here the streams of models would stand still.
 *
 * @throws ToolError as the job does, and the reason of `signal` when that aborts
 */
export async function inThread<K extends keyof Jobs>(
  kind: K,
  input: Parameters<Jobs[K]>[0],
  signal?: AbortSignal,
): Promise<Awaited<ReturnType<Jobs[K]>>> {
  signal?.throwIfAborted();
  thread ??= start();
  const { worker, waiting } = thread;
  jobsSoFar += 1;
  const id = jobsSoFar;
  const post = (asked: Asked) => worker.postMessage(asked);
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const stop = () => {
    post({ id });
    reject(signal?.reason);
  };
  waiting.set(id, { resolve, reject });
  // Only while somebody waits does it keep the process from its end.
  worker.ref();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    post({ id, kind, input });
    return (await promise) as Awaited<ReturnType<Jobs[K]>>;
  } finally {
    signal?.removeEventListener('abort', stop);
    waiting.delete(id);
    if (waiting.size === 0) worker.unref();
  }
}

/** Closes the indexes that the thread has open. */
export async function closeIndexes(): Promise<void> {
  if (thread) await inThread('close', undefined);
}

function start(): Thread {
  const worker = new Worker(PROGRAM, { execArgv: [], env: {} });
  const waiting = new Map<number, Waiting>();
  const started: Thread = { worker, waiting };
  const gone = (error: Error) => {
    if (thread === started) thread = undefined;
    for (const { reject } of waiting.values()) reject(error);
  };
  worker.on('message', (answer: Answered) => {
    const who = waiting.get(answer.id);
    if ('result' in answer) who?.resolve(answer.result);
    else who?.reject('sentence' in answer ? new ToolError(answer.sentence) : new Error(answer.fault));
  });
  worker.on('error', (error) => gone(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', (code) => gone(new Error(`The thread for searching ended with the code ${code}.`)));
  return started;
}
