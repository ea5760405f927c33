import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { builtIn } from '../../activities/tools/served-tool.ts';
import { toolActivity } from '../../activities/tools/tool-activity.ts';
import { packRows } from '../../client/batch/pack.ts';
import type { BatchInput, BatchResult } from '../../protocol/batch.ts';
import type { ResearchInput } from '../../protocol/input.ts';
import { WORKFLOW } from '../../protocol/names.ts';
import { workflowsPath } from '../../worker/combined-workflows.ts';
import { startWorkerStand, type WorkerStand } from '../worker-stand.ts';

export interface BatchLoad {
  rows: number;
  rollouts: number;
  window: number;
  /** Model replies of a session, the answer among them. */
  rounds: number;
  /** Milliseconds before each reply. */
  think: number;
  /** Sessions without a batch. */
  plain: number;
  /** Parts of the batch, in turns with sessions without one. */
  laps: number;
}

const MODEL = fileURLToPath(new URL('../history/instant-model.ts', import.meta.url));
const REPLY_CHARACTERS = 1000;
const RESULT = 'The lamps were lit in spring. '.repeat(90);

/** A server and a worker whose model and search answer at once. */
export const startStand = ({ rounds, think }: BatchLoad, say: (line: string) => void): Promise<WorkerStand> =>
  startWorkerStand({
    model: [MODEL, String(rounds - 1), String(REPLY_CHARACTERS), String(think)],
    workflowsPath,
    activities: (ours, { stateDir }) => ({ ...ours, search: instantSearch(stateDir) }),
    worker: { maxConcurrentActivityTaskExecutions: 400 },
    say,
  });

const instantSearch = (stateDir: string) =>
  toolActivity(
    builtIn({
      name: 'search',
      arguments: z.object({ query: z.array(z.string()) }),
      run: async () => ({ text: RESULT }),
    }),
    { stateDir },
  );

/** Ends when so many sessions have. */
export const plainSessions = (stand: WorkerStand, count: number, window: number, name: string): Promise<void> =>
  fillLanes(stand, window, name, (next) => next <= count);

/** Runs sessions, so many at once, for as long as there is a next. */
export async function fillLanes(
  stand: WorkerStand,
  window: number,
  name: string,
  goesOn: (next: number) => boolean,
  ended = () => {},
): Promise<void> {
  let next = 1;
  const lane = async () => {
    while (goesOn(next)) {
      const number = next;
      next += 1;
      await stand.client.workflow.execute<(input: ResearchInput) => Promise<unknown>>(WORKFLOW.session, {
        workflowId: `${name}-${number}`,
        taskQueue: stand.taskQueue,
        // As a batch gives them to its sessions.
        args: [{ question: `Which lamps ${number}?`, tools: ['search'], timeoutSeconds: 7200, priority: 4 }],
      });
      ended();
    }
  };
  await Promise.all(Array.from({ length: window }, lane));
}

export function startBatch({ client, taskQueue }: WorkerStand, { rows, rollouts, window }: BatchLoad, id: string) {
  const questions = Array.from({ length: rows }, (_, index) => ({
    id: index + 1,
    question: `Which lamps ${index + 1}?`,
  }));
  return client.workflow.start<(input: BatchInput) => Promise<BatchResult>>(WORKFLOW.batch, {
    workflowId: id,
    taskQueue,
    args: [{ ...(packRows(questions) ?? {}), rollouts, window, tools: ['search'] }],
  });
}
