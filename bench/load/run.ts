import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { WORKFLOW } from '../../protocol/names.ts';
import { type ForkedWorker, forkWorker } from '../forked-worker.ts';
import type { Ground } from '../ground.ts';
import { type ModelProcess, startModel } from '../model-process.ts';
import { processFigures } from '../process-figures.ts';
import { median } from '../statistics.ts';
import { SIZES } from './sizes.ts';

/** `traced`: ours, with metrics and traces. */
export const CONTESTANTS = ['bare', 'ours', 'traced'] as const;
export type ContestantName = (typeof CONTESTANTS)[number];

export interface Load {
  /** Open at once. */
  sessions: number;
  rounds: number;
  /** Seconds of a model's reply, 0.5 to 1.5 times this; 0 for as fast as it goes. */
  think: number;
}

export interface LoadFigures extends Load {
  which: ContestantName;
  startsPerSecond: number;
  /** MB of the worker's process: before the first session, with all of them open, at its highest. */
  memory: { idle: number; open: number; peak: number };
  roundsPerSecond: number;
  /** Processor time, ms a second of each open session, while its model call waits. */
  openCpu: { worker: number; server: number };
  /** Processor time, ms a round, from the gate's opening on. */
  workerCpu: number;
  serverCpu: number;
  /** Bytes of one session's history, and of each of its rounds. */
  historyBytes: number;
  events: number;
}

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));
const MODEL = fileURLToPath(new URL('./gated-model.ts', import.meta.url));
/** Any port: nobody asks for them here. */
const DEEP_RESEARCH_METRICS_ADDRESS = '127.0.0.1:0';
/** Starts and results that are asked for at once. */
const LANES = 20;

/** One worker, all sessions open at once, and then their rounds. */
export async function runLoad(
  { client, address, serverPids }: Ground,
  which: ContestantName,
  load: Load,
  say: (line: string) => void,
): Promise<LoadFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'deep-research-bench-'));
  const name = `${which}-${load.sessions}-${Math.random().toString(36).slice(2, 8)}`;
  const model = await startModel([MODEL, `${load.rounds}`, `${SIZES.reply}`, `${load.think}`]);
  const worker = await startLoadWorker(which, load, { folder, address, taskQueue: name, model });
  const { pid } = worker;
  try {
    await warm(client, which, name, model);
    const idle = processFigures(pid).memory;
    say(`${which}: starting ${load.sessions}`);
    const startedAt = performance.now();
    const ids = Array.from({ length: load.sessions }, (_, index) => `${name}-${index}`);
    await inLanes(ids, (id) => start(client, which, id, name, load.rounds));
    await allOpen(worker.child, model, which, load.sessions);
    const startSeconds = (performance.now() - startedAt) / 1000;
    await sleep(2_000);
    const openCpu = await waiting(pid, serverPids, load.sessions);
    const before = processFigures(pid);
    const serverBefore = cpuOf(serverPids);
    say(`${which}: ${load.sessions} open, ${Math.round(before.memory)} MB`);
    const openedAt = performance.now();
    if (which === 'bare') worker.child.send('open');
    else await model.ask('/open');
    await inLanes(ids, (id) => client.workflow.getHandle(id).result());
    const seconds = (performance.now() - openedAt) / 1000;
    const after = processFigures(pid);
    const serverAfter = cpuOf(serverPids);
    const rounds = load.sessions * load.rounds;
    const sizes = await Promise.all(ids.slice(0, 5).map((id) => client.workflow.getHandle(id).describe()));
    return {
      ...load,
      which,
      startsPerSecond: load.sessions / startSeconds,
      memory: { idle, open: before.memory, peak: after.peak },
      roundsPerSecond: rounds / seconds,
      openCpu,
      workerCpu: (after.cpuMs - before.cpuMs) / rounds,
      serverCpu: (serverAfter - serverBefore) / rounds,
      historyBytes: median(sizes.map(({ historySize }) => historySize ?? Number.NaN)),
      events: median(sizes.map(({ historyLength }) => historyLength)),
    };
  } finally {
    await worker.stop();
    await model.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const WAITING_MS = 10_000;

/** What sessions cost that only wait. */
async function waiting(worker: number, server: readonly number[], sessions: number): Promise<LoadFigures['openCpu']> {
  const [before, serverBefore] = [processFigures(worker).cpuMs, cpuOf(server)];
  const from = performance.now();
  await sleep(WAITING_MS);
  const shares = ((performance.now() - from) / 1000) * sessions;
  return { worker: (processFigures(worker).cpuMs - before) / shares, server: (cpuOf(server) - serverBefore) / shares };
}

/** One session to its end, so that what is made on first use is not a part of what the others cost. */
async function warm(client: Client, which: ContestantName, taskQueue: string, model: ModelProcess): Promise<void> {
  if (which === 'bare') return;
  const id = `${taskQueue}-warm`;
  await start(client, which, id, taskQueue, 1);
  while (Number(await model.ask('/waiting')) < 1) await sleep(50);
  await client.workflow.getHandle(id).terminate();
}

const start = (client: Client, which: ContestantName, workflowId: string, taskQueue: string, rounds: number) =>
  which === 'bare'
    ? client.workflow.start('benchBare', { workflowId, taskQueue, args: [rounds] })
    : client.workflow.start(WORKFLOW.session, {
        workflowId,
        taskQueue,
        args: [
          {
            question: `Which lamps were lit in ${workflowId}?`,
            tools: ['lamps'],
            maxRounds: rounds + 1,
            contextTokens: 1_000_000,
          },
        ],
      });

async function allOpen(
  worker: ChildProcess,
  model: ModelProcess,
  which: ContestantName,
  sessions: number,
): Promise<void> {
  for (;;) {
    let waiting: number;
    if (which !== 'bare') waiting = Number(await model.ask('/waiting'));
    else {
      const told = once(worker, 'message');
      worker.send('waiting');
      waiting = ((await told)[0] as { waiting: number }).waiting;
    }
    if (waiting >= sessions) return;
    await sleep(100);
  }
}

async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  const lane = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

const cpuOf = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + processFigures(pid).cpuMs, 0);

function startLoadWorker(
  which: ContestantName,
  { sessions, think }: Load,
  place: { folder: string; address: string; taskQueue: string; model: ModelProcess },
): Promise<ForkedWorker> {
  const corpus = join(place.folder, 'documents');
  mkdirSync(corpus);
  return forkWorker(WORKER, {
    args: [which === 'bare' ? 'bare' : 'ours', String(think)],
    env: {
      PATH: process.env.PATH,
      TEMPORAL_ADDRESS: place.address,
      TEMPORAL_TASK_QUEUE: place.taskQueue,
      LLM_SERVER_BASE_ENDPOINT_URL: place.model.url,
      LLM_SERVER_MODEL_NAME: 'bench',
      DEEP_RESEARCH_CORPUS_DIR: corpus,
      DEEP_RESEARCH_STATE_DIR: join(place.folder, 'state'),
      DEEP_RESEARCH_MAX_CACHED_WORKFLOWS: String(Math.max(200, sessions + 50)),
      DEEP_RESEARCH_MAX_CONCURRENT_INFERENCES: String(Math.max(100, sessions)),
      DEEP_RESEARCH_LOG_LEVEL: 'error',
      ...(which === 'traced' ? { OTEL_EXPORTER_OTLP_ENDPOINT: place.model.url, DEEP_RESEARCH_METRICS_ADDRESS } : {}),
    },
  });
}
