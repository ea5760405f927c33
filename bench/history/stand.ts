import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { startWorkerStand } from '../worker-stand.ts';
import { makeBenchActivities, makeInstantSearch } from './activities.ts';
import { type Laps, makeLaps } from './laps.ts';
import { type Meter, meterHttp, meterQueries } from './meters.ts';

/** Everything a measurement runs on. */
export interface Stand {
  client: Client;
  taskQueue: string;
  laps: Laps;
  model: Meter;
  queries: Meter;
  /** What `temporal --version` printed. */
  server: string;
  stop(): Promise<void>;
}

const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export async function startStand(options: {
  lapRounds: number;
  /** Rounds of a session before its answer. */
  rounds: number;
  replyCharacters: number;
  resultCharacters: number;
  say: (line: string) => void;
}): Promise<Stand> {
  const laps = makeLaps(options.lapRounds);
  const model = meterHttp();
  const { meter: queries, interceptor } = meterQueries();
  const stand = await startWorkerStand({
    model: [pathOf('./instant-model.ts'), String(options.rounds), String(options.replyCharacters)],
    workflowsPath: pathOf('./workflows.ts'),
    activities: (ours, { stateDir }) => ({
      ...ours,
      ...makeBenchActivities(laps),
      search: makeInstantSearch(laps, { rounds: options.rounds, characters: options.resultCharacters }, stateDir),
    }),
    worker: { interceptors: { client: { workflow: [interceptor] } } },
    say: options.say,
  });
  return { ...stand, laps, model, queries };
}
