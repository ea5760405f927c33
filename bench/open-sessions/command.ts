import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { WorkflowHandle } from '@temporalio/client';
import type { Command } from 'commander';
import { QUERY, WORKFLOW } from '../../protocol/names.ts';
import type { Status } from '../../protocol/status.ts';
import { makeInstantSearch } from '../history/activities.ts';
import { median } from '../statistics.ts';
import { tableLines } from '../table.ts';
import { startWorkerStand, type WorkerStand } from '../worker-stand.ts';

/** As in `bench -- history`. */
const SIZES = { reply: 1000, result: 2800 };
/** Until nothing is under way any more. */
const SETTLE_MS = 5_000;
const OTHERS = 5;

export function benchOpenSessions(program: Command): void {
  program
    .command('idle')
    .description('memory of a worker for each session that is open and waits')
    .option('--rounds <n>', 'rounds that each has behind it', Number, 10)
    .option('--sessions <list>', 'how many are open', (text) => text.split(',').map(Number), [10, 50, 100, 200])
    .action(idle);
  program
    .command('rebuild')
    .description('time to rebuild a session on a worker that does not have it in memory')
    .option('--rounds <n>', 'rounds that it has behind it', Number, 150)
    .option('--repeat <n>', 'how often', Number, 9)
    .action(rebuild);
}

async function idle({ rounds, sessions }: { rounds: number; sessions: number[] }): Promise<void> {
  await onStand(rounds, 10_000, async (stand) => {
    const open: WorkflowHandle[] = [];
    const rows: string[][] = [];
    // What the bundling of the workflows left goes only bit by bit.
    for (let turn = 0; turn < 6; turn += 1) {
      collectGarbage();
      await sleep(SETTLE_MS / 2);
    }
    let first: { count: number; rss: number } | undefined;
    for (const count of sessions) {
      // A few at a time: what they need while they work is not what is measured.
      while (open.length < count) {
        const fresh = Array.from({ length: Math.min(10, count - open.length) }, () => start(stand, rounds));
        open.push(...(await Promise.all(fresh)));
      }
      await sleep(SETTLE_MS);
      collectGarbage();
      await sleep(SETTLE_MS);
      const { rss } = process.memoryUsage();
      first ??= { count, rss };
      const each = count > first.count ? `${((rss - first.rss) / (count - first.count) / 2 ** 20).toFixed(2)}` : '-';
      rows.push([String(count), (rss / 2 ** 20).toFixed(0), each]);
      console.error(rows.at(-1)?.join('  '));
    }
    for (const line of tableLines(['open sessions', 'worker MiB', 'MiB a session beyond the first'], rows)) {
      console.log(line);
    }
  });
}

async function rebuild({ rounds, repeat }: { rounds: number; repeat: number }): Promise<void> {
  // One session fits in memory: each that is asked drives the one before out.
  await onStand(rounds, 1, async (stand) => {
    const session = await start(stand, rounds);
    const others = await Promise.all(Array.from({ length: OTHERS }, () => start(stand, rounds, 1)));
    const { historyLength, historySize = 0 } = await session.describe();
    const times: number[] = [];
    for (let turn = 0; turn < repeat; turn += 1) {
      for (const other of others) await other.query<Status>(QUERY.status);
      times.push(await timed(() => session.query<Status>(QUERY.status)));
    }
    const figures = [median(times), Math.min(...times), Math.max(...times)];
    for (const line of tableLines(['median ms', 'least', 'most'], [figures.map((ms) => ms.toFixed(0))])) {
      console.log(line);
    }
    console.log(`${rounds} rounds, ${historyLength} events, ${(historySize / 2 ** 20).toFixed(2)} MiB of history`);
  });
}

async function onStand(
  rounds: number,
  maxCachedWorkflows: number,
  work: (stand: WorkerStand) => Promise<void>,
): Promise<void> {
  const load = loadavg()[0] ?? 0;
  const stand = await startWorkerStand({
    model: [
      fileURLToPath(new URL('../history/instant-model.ts', import.meta.url)),
      String(rounds),
      String(SIZES.reply),
    ],
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    activities: (ours, { stateDir }) => ({
      ...ours,
      search: makeInstantSearch(NO_LAPS, { rounds, characters: SIZES.result }, stateDir),
    }),
    worker: { maxCachedWorkflows },
    say: console.error,
  });
  try {
    await work(stand);
    console.log(
      `${availableParallelism()} cores, load ${load.toFixed(1)} before the run · Node ${process.version} · ${stand.server}`,
    );
  } finally {
    await stand.stop();
  }
}

/** A session that has answered and is kept open. */
async function start({ client, taskQueue }: WorkerStand, rounds: number, maxRounds = rounds): Promise<WorkflowHandle> {
  const handle = await client.workflow.start(WORKFLOW.session, {
    taskQueue,
    workflowId: `open-${Math.random().toString(36).slice(2, 10)}`,
    args: [
      {
        question: 'When were the harbour lamps lit in spring?',
        tools: ['search'],
        maxRounds,
        contextTokens: 1_000_000,
        keepOpenSeconds: 86_400,
      },
    ],
  });
  for (;;) {
    await sleep(200);
    const state = await handle.query<Status>(QUERY.status).then(
      (status) => status.state,
      () => '',
    );
    if (state === 'open') return handle;
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

const NO_LAPS = { roundEnds: async () => {}, stands: async () => {}, release: () => {} };
