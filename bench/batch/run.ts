import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { builtIn } from '../../activities/tools/served-tool.ts';
import { toolActivity } from '../../activities/tools/tool-activity.ts';
import { packRows } from '../../client/batch/pack.ts';
import type { BatchInput, BatchResult, BatchStatus } from '../../protocol/batch.ts';
import type { ResearchInput } from '../../protocol/input.ts';
import { QUERY, WORKFLOW } from '../../protocol/names.ts';
import { workflowsPath } from '../../worker/combined-workflows.ts';
import { cpuTimeOf } from '../cpu-time.ts';
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
  /** Batches, each with its share of the rows, in turns with sessions without one. */
  laps: number;
}

export interface BatchFigures {
  batchPerSecond: number;
  plainPerSecond: number;
  /** Milliseconds of processor time a session, in the worker and in the server: what a busy machine blurs less. */
  batchCpu: Cpu;
  plainCpu: Cpu;
  /** Workflow tasks of the last batch for each of its sessions. */
  tasks: number;
  /** Of the last batch's workflow, oldest first. */
  runs: { events: number; bytes: number }[];
  /** While the last batch ran, at each tenth. */
  memory: { done: number; perSecond: number; rss: number; run: number }[];
  server: string;
}

interface Cpu {
  worker: number;
  server: number;
}

const MODEL = fileURLToPath(new URL('../history/instant-model.ts', import.meta.url));
/** What the look costs is the batch's. */
const LOOK_MS = 2000;
const REPLY_CHARACTERS = 1000;
const RESULT = 'The lamps were lit in spring. '.repeat(90);

const startStand = ({ rounds, think }: BatchLoad, say: (line: string) => void): Promise<WorkerStand> =>
  startWorkerStand({
    model: [MODEL, String(rounds - 1), String(REPLY_CHARACTERS), String(think)],
    workflowsPath,
    activities: (ours, { stateDir }) => ({ ...ours, search: instantSearch(stateDir) }),
    worker: { maxConcurrentActivityTaskExecutions: 400 },
    say,
  });

/** A batch of short sessions whose model and tools answer at once, and the same sessions started by a client. */
export async function runBatchBench(load: BatchLoad, say: (line: string) => void): Promise<BatchFigures> {
  const stand = await startStand(load, say);
  try {
    await plainSessions(stand, Math.min(20, load.plain), load.window, 'warm');
    const cpu = cpuMeter(stand.serverPid);
    const plain = newTally();
    const inBatch = newTally();
    const plainLap = async (lap: number) => {
      const count = Math.ceil(load.plain / (load.laps + 1));
      say(`${count} sessions without a batch`);
      cpu();
      add(plain, count, await plainSessions(stand, count, load.window, `plain-${lap}`), cpu());
    };
    await plainLap(0);
    let last: Awaited<ReturnType<typeof batchSessions>> | undefined;
    for (let lap = 1; lap <= load.laps; lap += 1) {
      const share = { ...load, rows: Math.ceil(load.rows / load.laps) };
      say(`a batch of ${share.rows} rows x ${load.rollouts}`);
      cpu();
      last = await batchSessions(stand, share, `bench-batch-${lap}`, say);
      add(inBatch, share.rows * load.rollouts, last.seconds, cpu());
      await plainLap(lap);
    }
    return {
      batchPerSecond: inBatch.sessions / inBatch.seconds,
      plainPerSecond: plain.sessions / plain.seconds,
      batchCpu: cpuOf(inBatch),
      plainCpu: cpuOf(plain),
      tasks: (last?.tasks ?? Number.NaN) / (Math.ceil(load.rows / load.laps) * load.rollouts),
      runs: last?.runs ?? [],
      memory: last?.memory ?? [],
      server: stand.server,
    };
  } finally {
    await stand.stop();
  }
}

interface Tally extends Cpu {
  sessions: number;
  seconds: number;
}

const newTally = (): Tally => ({ sessions: 0, seconds: 0, worker: 0, server: 0 });

function add(tally: Tally, sessions: number, seconds: number, { worker, server }: Cpu): void {
  tally.sessions += sessions;
  tally.seconds += seconds;
  tally.worker += worker;
  tally.server += server;
}

const cpuOf = ({ sessions, worker, server }: Tally): Cpu => ({ worker: worker / sessions, server: server / sessions });

/** Processor time since it was last asked. */
function cpuMeter(serverPid: number): () => Cpu {
  const read = (): Cpu => {
    const { user, system } = process.cpuUsage();
    return { worker: (user + system) / 1000, server: cpuTimeOf(serverPid) };
  };
  let before = read();
  return () => {
    const now = read();
    const used = { worker: now.worker - before.worker, server: now.server - before.server };
    before = now;
    return used;
  };
}

const instantSearch = (stateDir: string) =>
  toolActivity(
    builtIn({
      name: 'search',
      arguments: z.object({ query: z.array(z.string()) }),
      run: async () => ({ text: RESULT }),
    }),
    { stateDir },
  );

/** Seconds that so many sessions take, as many at once as the window allows. */
async function plainSessions(stand: WorkerStand, count: number, window: number, name: string): Promise<number> {
  const startedAt = performance.now();
  await fillLanes(stand, window, name, (next) => next <= count);
  return (performance.now() - startedAt) / 1000;
}

/** Runs sessions, so many at once, for as long as there is a next. */
async function fillLanes(
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

/** Sessions that ended in the same time. */
export interface SideBySide {
  batch: number;
  plain: number;
  seconds: number;
  server: string;
}

/**
 * A batch and a client with as many places side by side, on the same worker: what else the machine does, both feel. Until
 * nine tenths of the batch's sessions have ended, for in the last it has empty places.
 */
export async function runSideBySide(load: BatchLoad, say: (line: string) => void): Promise<SideBySide> {
  const stand = await startStand(load, say);
  try {
    await plainSessions(stand, load.window, load.window, 'warm');
    const { client } = stand;
    const startedAt = performance.now();
    const handle = await startBatch(stand, load, 'bench-batch');
    let plain = 0;
    let over = false;
    const lanes = fillLanes(
      stand,
      load.window,
      'plain',
      () => !over,
      () => {
        plain += 1;
      },
    );
    const query = `ResearchBatch = 'bench-batch' AND ExecutionStatus = 'Completed'`;
    for (let shown = 0; ; ) {
      await sleep(500);
      const { count: batch } = await client.workflow.count(query);
      const seconds = (performance.now() - startedAt) / 1000;
      if (batch >= shown + load.window) {
        say(`${seconds.toFixed(0)} s: ${batch} in the batch, ${plain} without one`);
        shown = batch;
      }
      if (batch < load.rows * load.rollouts * 0.9) continue;
      over = true;
      const figures = { batch, plain, seconds, server: stand.server };
      await Promise.all([lanes, handle.result()]);
      return figures;
    }
  } finally {
    await stand.stop();
  }
}

function startBatch({ client, taskQueue }: WorkerStand, { rows, rollouts, window }: BatchLoad, id: string) {
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

async function batchSessions(
  stand: WorkerStand,
  load: BatchLoad,
  id: string,
  say: (line: string) => void,
): Promise<Pick<BatchFigures, 'runs' | 'tasks' | 'memory'> & { seconds: number }> {
  const { client } = stand;
  const total = load.rows * load.rollouts;
  const startedAt = performance.now();
  const handle = await startBatch(stand, load, id);
  const memory: BatchFigures['memory'] = [];
  let over = false;
  const result = handle.result().finally(() => {
    over = true;
  });
  let before = { done: 0, at: startedAt };
  const seen = new Set<string>();
  while (!over) {
    await Promise.race([sleep(LOOK_MS), result]);
    const current = client.workflow.getHandle(id);
    seen.add((await current.describe()).runId);
    const status = await current.query<BatchStatus, []>(QUERY.status).catch(() => undefined);
    const at = performance.now();
    if (!status || (status.done - before.done < total / 10 && !over)) continue;
    const perSecond = ((status.done - before.done) * 1000) / (at - before.at);
    const rss = process.memoryUsage().rss / 1e6;
    memory.push({ done: status.done, perSecond, rss, run: seen.size });
    say(`${status.done} of ${total}: ${perSecond.toFixed(2)} a second, ${Math.round(rss)} MB, run ${seen.size}`);
    before = { done: status.done, at };
  }
  const { totals } = await result;
  const seconds = (performance.now() - startedAt) / 1000;
  if (totals.success !== total) throw new Error(`Of ${total} sessions ${totals.success} succeeded.`);
  const runs = await runsOf(client, id);
  return { seconds, runs, tasks: await tasksOf(client, id, seen), memory };
}

/** The list follows the server by a moment: it is whole when it tells of a completed run. */
async function runsOf(client: WorkerStand['client'], id: string): Promise<BatchFigures['runs']> {
  for (let tries = 0; ; tries += 1) {
    const infos = [];
    for await (const info of client.workflow.list({ query: `WorkflowId = '${id}'` })) infos.push(info);
    if (infos.some(({ status }) => status.name === 'COMPLETED') || tries > 60) {
      return infos
        .sort((a, b) => a.startTime.getTime() - b.startTime.getTime())
        .map(({ historyLength, historySize }) => ({ events: historyLength, bytes: historySize ?? Number.NaN }));
    }
    await sleep(500);
  }
}

/** Workflow tasks of these runs. */
async function tasksOf(client: WorkerStand['client'], id: string, runs: Iterable<string>): Promise<number> {
  let tasks = 0;
  for (const run of runs) {
    const { events } = await client.workflow.getHandle(id, run).fetchHistory();
    tasks += events?.filter((event) => event.workflowTaskCompletedEventAttributes).length ?? 0;
  }
  return tasks;
}
