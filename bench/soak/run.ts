import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { WORKFLOW } from '../../protocol/names.ts';
import type { ResearchResult } from '../../protocol/result.ts';
import { type ForkedWorker, forkWorker } from '../forked-worker.ts';
import { startModel } from '../model-process.ts';
import { processFigures } from '../process-figures.ts';
import { writeDocuments } from './documents.ts';

export interface Soak {
  minutes: number;
  /** Open at any time. */
  sessions: number;
  rounds: number;
  /** Seconds of a model reply. */
  think: number;
}

/** How things stand at one moment. */
export interface SoakSample {
  minute: number;
  /** Sessions that have ended, and of these the ones without the answer. */
  ended: number;
  wrong: number;
  /** MB. */
  memory: number;
  handles: number;
  threads: number;
  /** Processes that the worker has started and that are still there. */
  processes: number;
  /** Bytes of the worker's state folder without its store, and files in it. */
  disk: number;
  files: number;
  /** Bytes of the store, which keeps artifacts and snapshots for as many days as it is told. */
  store: number;
  /** Files and folders that sessions left in the folder for temporary files. */
  temporary: number;
}

const MODEL = fileURLToPath(new URL('./varied-model.ts', import.meta.url));
const WORKER = fileURLToPath(new URL('../../local/worker-main.ts', import.meta.url));
const SAMPLE_MS = 60_000;

/** Keeps so many sessions open for so long: each that ends is followed by a new one. */
export async function runSoak(
  { client, address }: { client: Client; address: string },
  soak: Soak,
  onSample: (sample: SoakSample) => void,
): Promise<SoakSample[]> {
  const folder = mkdtempSync(join(tmpdir(), 'deep-research-soak-'));
  const state = join(folder, 'state');
  const temporary = mkdtempSync(join(folder, 'tmp-'));
  writeDocuments(join(folder, 'documents'));
  const model = await startModel([MODEL, String(soak.rounds), String(soak.think)]);
  const worker = await startSoakWorker(folder, { address, model: model.url, state, temporary });
  const { pid } = worker;
  const until = performance.now() + soak.minutes * 60_000;
  const counts = { ended: 0, wrong: 0 };
  let next = 0;
  const lane = async (index: number) => {
    // Not all at once: they would stay in step for hours.
    await sleep((index / soak.sessions) * soak.think * 2_000);
    while (performance.now() < until) {
      next += 1;
      const result = await client.workflow
        .execute<(input: object) => Promise<ResearchResult>>(WORKFLOW.session, {
          workflowId: `soak-${process.pid}-${next}`,
          taskQueue: 'soak',
          args: [{ question: `When were the lamps lit, number ${next}?`, maxRounds: soak.rounds + 5 }],
        })
        .catch(() => undefined);
      counts.ended += 1;
      if (result?.answer !== 'The lamps were lit in spring.') counts.wrong += 1;
    }
  };
  const samples: SoakSample[] = [];
  const startedAt = performance.now();
  const sample = () => {
    const { memory, handles, threads, processes } = processFigures(pid);
    const store = join(state, 'store');
    const { bytes: disk, files } = sizeOf(state, store);
    const minute = (performance.now() - startedAt) / 60_000;
    const left = readdirSync(temporary).length;
    samples.push({
      minute,
      ...counts,
      memory,
      handles,
      threads,
      processes,
      disk,
      files,
      store: sizeOf(store).bytes,
      temporary: left,
    });
    onSample(samples.at(-1) as SoakSample);
  };
  try {
    const timer = setInterval(sample, SAMPLE_MS);
    await Promise.all(Array.from({ length: soak.sessions }, (_, index) => lane(index)));
    clearInterval(timer);
    await sleep(5_000);
    sample();
    return samples;
  } finally {
    await worker.stop();
    await model.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const startSoakWorker = (
  folder: string,
  place: { address: string; model: string; state: string; temporary: string },
): Promise<ForkedWorker> =>
  forkWorker(WORKER, {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      TMPDIR: place.temporary,
      TEMPORAL_ADDRESS: place.address,
      TEMPORAL_TASK_QUEUE: 'soak',
      LLM_SERVER_BASE_ENDPOINT_URL: place.model,
      LLM_SERVER_MODEL_NAME: 'soak',
      DEEP_RESEARCH_CORPUS_DIR: join(folder, 'documents'),
      DEEP_RESEARCH_STATE_DIR: place.state,
      DEEP_RESEARCH_LOG_LEVEL: 'error',
    },
  });

/** Of everything below a folder that others write to and remove from meanwhile, but what is below another. */
function sizeOf(folder: string, without?: string): { bytes: number; files: number } {
  const sum = { bytes: 0, files: 0 };
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    if (path === without) continue;
    const entry = lstatSync(path, { throwIfNoEntry: false });
    if (!entry) continue;
    const below = entry.isDirectory() ? sizeOf(path, without) : { bytes: entry.size, files: 1 };
    sum.bytes += below.bytes;
    sum.files += below.files;
  }
  return sum;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // It is gone already.
    return [];
  }
}
