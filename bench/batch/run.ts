import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchStatus } from '../../protocol/batch.ts';
import { QUERY, UPDATE } from '../../protocol/names.ts';
import type { WorkerStand } from '../worker-stand.ts';
import {
  type Lap,
  lapLine,
  type Meter,
  meanOf,
  newMeter,
  type Overhead,
  overheadOf,
  type SessionCost,
} from './laps.ts';
import { type BatchLoad, plainSessions, startBatch, startStand } from './sessions.ts';

export interface BatchFigures {
  batch: SessionCost;
  plain: SessionCost;
  /** Of each lap over the sessions before and after it, as shares. */
  laps: ({ sessions: number } & Overhead)[];
  /** Workflow tasks of the batch for each of its sessions. */
  tasks: number;
  /** Of the batch's workflow, oldest first. */
  runs: { events: number; bytes: number }[];
  /** Of the worker while the batch ran, at each tenth, MB. */
  memory: { done: number; rss: number; run: number }[];
  server: string;
}

/** What the look costs is the batch's. */
const LOOK_MS = 2000;
/** While nothing is at work but the last few. */
const SHORT_LOOK_MS = 100;

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
      laps: batch.map((lap, index) => ({
        sessions: lap.sessions,
        ...overheadOf(meanOf([lap]), meanOf(plain.slice(index, index + 2))),
      })),
      tasks: tasks / (load.rows * load.rollouts),
      runs,
      memory,
      server: stand.server,
    };
  } finally {
    await stand.stop();
  }
}

/** One batch, paused after each lap until `between` has ended. */
async function batchInLaps(
  stand: WorkerStand,
  load: BatchLoad,
  meter: Meter,
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
    await settled(look, ({ done }) => done >= (total * lap) / load.laps);
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
