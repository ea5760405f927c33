import type { FaultInput } from '../../../local/rehearsal/faults.ts';
import { type RehearsalOptions, startRehearsal } from '../../../local/rehearsal/server.ts';
import type { Dice } from './dice.ts';

/** Every way in which a model server fails a request that is not the request's own fault. */
export const MODEL_FAULTS: readonly FaultInput[] = [
  { kind: 'refuse' },
  { kind: 'reset-mid-stream' },
  { kind: 'hang' },
  { kind: 'hang-mid-stream' },
  { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503 },
  { kind: 'broken-json' },
  { kind: 'cut-sse' },
];

export interface FaultyModel {
  url: string;
  /** Faults that were played so far, by kind. */
  played(): Record<string, number>;
  /** Refuses every connection until `back`. */
  leave(): Promise<void>;
  back(): Promise<void>;
  close(): Promise<void>;
}

/** A rehearsal model that fails a share of its requests, each in one of the ways. */
export async function startFaultyModel(
  dice: Dice,
  share: number,
  options: RehearsalOptions = {},
): Promise<FaultyModel> {
  const ended: Record<string, number>[] = [];
  let lives = 0;
  const start = async (port?: number) => {
    const model = await startRehearsal({ ...options, port });
    for (const [kind, fault] of MODEL_FAULTS.entries()) {
      const seed = Math.floor(dice.fraction('model', lives, kind) * 2 ** 31);
      if (share > 0) model.faults.add({ ...fault, match: { probability: share / MODEL_FAULTS.length, seed } });
    }
    lives += 1;
    return model;
  };
  let model = await start();
  const { url, port } = model;
  let away = false;
  return {
    url,
    played: () => sum([...ended, model.faults.played()]),
    async leave() {
      away = true;
      ended.push(model.faults.played());
      await model.close();
    },
    async back() {
      model = await start(port);
      away = false;
    },
    async close() {
      if (!away) await model.close();
    },
  };
}

function sum(all: readonly Record<string, number>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  }
  return total;
}
