import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { builtIn } from '../../activities/tools/served-tool.ts';
import { toolActivity } from '../../activities/tools/tool-activity.ts';
import { packRows } from '../../client/batch/pack.ts';
import type { BatchInput, BatchResult, BatchStatus } from '../../protocol/batch.ts';
import type { ResearchInput } from '../../protocol/input.ts';
import { QUERY, UPDATE, WORKFLOW } from '../../protocol/names.ts';
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
  /** Parts of the batch, in turns with sessions without one. */
  laps: number;
}

export interface BatchFigures {
  batch: SessionCost;
  plain: SessionCost;
  /** Of each lap over the sessions before and after it, as shares. */
  laps: { sessions: number; rate: number; cpu: number }[];
  /** Workflow tasks of the batch for each of its sessions. */
  tasks: number;
  /** Of the batch's workflow, oldest first. */
  runs: { events: number; bytes: number }[];
  /** Of the worker while the batch ran, at each tenth, MB. */
  memory: { done: number; rss: number; run: number }[];
  server: string;
}

/** Milliseconds of processor time a session, in the worker and in the server: what a busy machine blurs less than the rate. */
interface SessionCost extends Cpu {
  perSecond: number;
}

interface Cpu {
  worker: number;
  server: number;
}

const MODEL = fileURLToPath(new URL('../history/instant-model.ts', import.meta.url));
/** What the look costs is the batch's. */
const LOOK_MS = 2000;
/** While nothing is at work but the last few. */
const SHORT_LOOK_MS = 100;
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

/**
 * A batch of short sessions whose model and tools answer at once, and the same sessions started by a client. The batch is
 * paused for them several times: what else the machine does, and what its server has stored by then, both feel.
 */
export async function runBatchBench(load: BatchLoad, say: (line: string) => void): Promise<BatchFigures> {
  const stand = await startStand(load, say);
  try {
    await plainSessions(stand, Math.min(20, load.plain), load.window, 'warm');
    const meter = newMeter(stand.serverPid);
    const plainLap = async (lap: number) => {
      const count = Math.ceil(load.plain / (load.laps + 1));
      meter.start();
      await plainSessions(stand, count, load.window, `plain-${lap}`);
      return meter.taken(count);
    };
    const plain = [await plainLap(0)];
    const batch: Lap[] = [];
    const { runs, memory, tasks } = await batchInLaps(stand, load, meter, say, async (lap) => {
      batch.push(lap);
      plain.push(await plainLap(batch.length));
      say(lapLine(batch.length, lap, plain.at(-1) as Lap));
    });
    return {
      batch: meanOf(batch),
      plain: meanOf(plain),
      laps: batch.map((lap, index) => overheadOf(lap, meanOf(plain.slice(index, index + 2)))),
      tasks: tasks / (load.rows * load.rollouts),
      runs,
      memory,
      server: stand.server,
    };
  } finally {
    await stand.stop();
  }
}

/** Sessions that ended between two looks at the clock, with the processor time they took in all. */
interface Lap extends Cpu {
  sessions: number;
  seconds: number;
}

/** Of a session. */
const meanOf = (laps: Lap[]): SessionCost => {
  const sum = (pick: (lap: Lap) => number) => laps.reduce((total, lap) => total + pick(lap), 0);
  const sessions = sum((lap) => lap.sessions);
  return {
    perSecond: sessions / sum(({ seconds }) => seconds),
    worker: sum(({ worker }) => worker) / sessions,
    server: sum(({ server }) => server) / sessions,
  };
};

function overheadOf(batch: Lap, plain: SessionCost): BatchFigures['laps'][number] {
  const ours = meanOf([batch]);
  return {
    sessions: batch.sessions,
    rate: plain.perSecond / ours.perSecond - 1,
    cpu: (ours.worker + ours.server) / (plain.worker + plain.server) - 1,
  };
}

function lapLine(number: number, batch: Lap, plain: Lap): string {
  const line = (lap: Lap) => {
    const { perSecond, worker, server } = meanOf([lap]);
    return `${perSecond.toFixed(2)}/s, CPU ms ${worker.toFixed(1)} + ${server.toFixed(1)}`;
  };
  return `lap ${number}: ${batch.sessions} in the batch ${line(batch)} · ${plain.sessions} without ${line(plain)}`;
}

/** Time and processor time from its start on. */
function newMeter(serverPid: number): { start(): void; taken(sessions: number): Lap } {
  const read = () => {
    const { user, system } = process.cpuUsage();
    return { seconds: performance.now() / 1000, worker: (user + system) / 1000, server: cpuTimeOf(serverPid) };
  };
  let before = read();
  return {
    start() {
      before = read();
    },
    taken(sessions) {
      const now = read();
      return {
        sessions,
        seconds: now.seconds - before.seconds,
        worker: now.worker - before.worker,
        server: now.server - before.server,
      };
    },
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

const plainSessions = (stand: WorkerStand, count: number, window: number, name: string): Promise<void> =>
  fillLanes(stand, window, name, (next) => next <= count);

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

/** One batch, paused after each lap until `between` has ended. */
async function batchInLaps(
  stand: WorkerStand,
  load: BatchLoad,
  meter: ReturnType<typeof newMeter>,
  say: (line: string) => void,
  between: (lap: Lap) => Promise<void>,
): Promise<Pick<BatchFigures, 'runs' | 'tasks' | 'memory'>> {
  const { client } = stand;
  const total = load.rows * load.rollouts;
  const memory: BatchFigures['memory'] = [];
  const seen = new Set<string>();
  let told = 0;
  meter.start();
  const handle = await startBatch(stand, load, 'bench-batch');
  const current = client.workflow.getHandle(handle.workflowId);
  const look = async (): Promise<BatchStatus> => {
    seen.add((await current.describe()).runId);
    const status = await current.query<BatchStatus, []>(QUERY.status);
    if (status.done >= told + total / 10 || status.done === total) {
      told = status.done;
      memory.push({ done: told, rss: process.memoryUsage().rss / 1e6, run: seen.size });
      say(`${told} of ${total} done, ${Math.round(memory.at(-1)?.rss ?? 0)} MB, run ${seen.size}`);
    }
    return status;
  };
  let ended = 0;
  for (let lap = 1; lap < load.laps; lap += 1) {
    await settled(look, ({ done, total }) => total > 0 && done >= (total * lap) / load.laps);
    await current.executeUpdate(UPDATE.pause);
    const { done } = await settled(look, ({ open }) => open.length === 0);
    const taken = meter.taken(done - ended);
    ended = done;
    if (done === total) throw new Error('Laps too short to pause between them; ask for fewer, or for more rows.');
    await between(taken);
    meter.start();
    await current.executeUpdate(UPDATE.resume);
  }
  let over = false;
  const result = handle.result().finally(() => {
    over = true;
  });
  while (!over) {
    await Promise.race([sleep(LOOK_MS), result]);
    if (!over) await look().catch(() => {});
  }
  const { totals } = await result;
  const taken = meter.taken(total - ended);
  if (totals.success !== total) throw new Error(`Of ${total} sessions ${totals.success} succeeded.`);
  await look();
  await between(taken);
  return {
    runs: await runsOf(client, handle.workflowId),
    tasks: await tasksOf(client, handle.workflowId, seen),
    memory,
  };
}

/** Looks until what is seen is as wanted. A batch that is being prepared tells nothing yet. */
async function settled(
  look: () => Promise<BatchStatus>,
  wanted: (status: BatchStatus) => boolean,
): Promise<BatchStatus> {
  for (;;) {
    const status = await look().catch(() => undefined);
    if (status && wanted(status)) return status;
    await sleep(status?.state === 'paused' ? SHORT_LOOK_MS : LOOK_MS);
  }
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
