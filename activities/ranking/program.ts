import { parentPort } from 'node:worker_threads';
import { ToolError } from '../tools/tool.ts';
import { type Jobs, jobs } from './jobs.ts';

/** What the thread is asked; without a kind, that the job is given up. */
export interface Asked {
  id: number;
  kind?: keyof Jobs;
  input?: unknown;
}

/** What it answers: the result, a sentence for the model, or a fault. */
export type Answered = { id: number } & ({ result: unknown } | { sentence: string } | { fault: string });

const running = new Map<number, AbortController>();

parentPort?.on('message', async ({ id, kind, input }: Asked) => {
  if (kind === undefined) return running.get(id)?.abort();
  const stop = new AbortController();
  running.set(id, stop);
  const job = jobs[kind] as (input: unknown, signal: AbortSignal) => Promise<unknown>;
  const answer = await job(input, stop.signal).then(
    (result) => ({ id, result }),
    (error: unknown) => ({ id, ...failure(error) }),
  );
  running.delete(id);
  parentPort?.postMessage(answer satisfies Answered);
});

function failure(error: unknown): { sentence: string } | { fault: string } {
  if (error instanceof ToolError) return { sentence: error.message };
  return { fault: error instanceof Error ? error.message : String(error) };
}
