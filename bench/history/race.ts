import type { WorkflowHandle } from '@temporalio/client';
import type { Contestant } from './contestants.ts';
import type { Lap, Pair, Run } from './figures.ts';
import type { Stand } from './stand.ts';

export interface Course {
  rounds: number;
  lapRounds: number;
}

interface Runner {
  id: string;
  handle: WorkflowHandle;
  laps: Lap[];
  /** Rounds done. */
  rounds: number;
  over: Promise<string>;
  ended?: string;
}

/**
 * Runs a design and the bare loop in turns, a lap each. The first lap, with the start and everything that is made on
 * first use, is in the history but not in the times.
 */
export async function race(stand: Stand, contestant: Contestant, bare: Contestant, course: Course): Promise<Pair> {
  const name = Math.random().toString(36).slice(2, 8);
  const beside = await enter(stand, bare, `bare-${name}`, course);
  const runner = await enter(stand, contestant, `bench-${name}`, course);
  while (runner.ended === undefined && runner.rounds < course.rounds) {
    await lap(stand, beside, course);
    await lap(stand, runner, course);
  }
  while (beside.rounds < course.rounds) await lap(stand, beside, course);
  return {
    run: await finish(stand, contestant, runner),
    bare: await finish(stand, bare, beside),
  };
}

async function enter(stand: Stand, contestant: Contestant, id: string, { lapRounds }: Course): Promise<Runner> {
  const handle = await contestant.start(stand, id);
  const over = handle.result().then(
    () => 'completed',
    (error: Error) => (error.cause instanceof Error ? error.cause.message : error.message),
  );
  const ended = await Promise.race([stand.laps.stands(id), over]);
  if (ended) throw new Error(`${id} ended before its first lap: ${ended}`);
  return { id, handle, laps: [], rounds: lapRounds, over };
}

async function lap(stand: Stand, runner: Runner, { lapRounds }: Course): Promise<void> {
  const before = { model: stand.model.ms, queries: stand.queries.ms };
  const cpu = process.cpuUsage();
  const start = performance.now();
  stand.laps.release(runner.id);
  const ended = await Promise.race([stand.laps.stands(runner.id), runner.over]);
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  if (ended) {
    runner.ended = ended;
    return;
  }
  runner.rounds += lapRounds;
  runner.laps.push({
    rounds: lapRounds,
    elapsedMs,
    modelMs: stand.model.ms - before.model,
    cpuMs: (user + system) / 1000,
    queryMs: stand.queries.ms - before.queries,
  });
}

async function finish(stand: Stand, contestant: Contestant, runner: Runner): Promise<Run> {
  stand.laps.release(runner.id);
  const outcome = await runner.over;
  const { historySize, historyLength } = await runner.handle.describe();
  const early = runner.ended ?? (outcome === 'completed' ? undefined : outcome);
  return {
    rounds: runner.rounds,
    historyBytes: historySize ?? Number.NaN,
    events: historyLength,
    transcriptBytes: await contestant.transcriptBytes(runner.handle, runner.rounds),
    laps: runner.laps,
    ...(early === undefined ? {} : { ended: early }),
  };
}
