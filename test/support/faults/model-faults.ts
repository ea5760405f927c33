import type { FaultInput } from '../../../local/rehearsal/faults.ts';
import { type Rehearsal, startRehearsal } from '../../../local/rehearsal/server.ts';
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
  /** From here on it fails a share of its requests, each in one of the ways. */
  disturb(share: number): void;
  /** Faults that were played so far, by kind. */
  played(): Record<string, number>;
  /** Refuses every connection until `back`. */
  leave(): Promise<void>;
  back(): Promise<void>;
  close(): Promise<void>;
}

/** A rehearsal model that goes wrong when it is told to. */
export async function startFaultyModel(dice: Dice): Promise<FaultyModel> {
  const ended: Record<string, number>[] = [];
  let share = 0;
  let lives = 0;
  const spoil = ({ faults }: Rehearsal) => {
    if (share === 0) return;
    for (const [kind, fault] of MODEL_FAULTS.entries()) {
      const seed = Math.floor(dice.fraction('model', lives, kind) * 2 ** 31);
      faults.add({ ...fault, match: { probability: share / MODEL_FAULTS.length, seed } });
    }
  };
  let model = await startRehearsal();
  const { url, port } = model;
  let away = false;
  return {
    url,
    disturb(wanted) {
      share = wanted;
      spoil(model);
    },
    played: () => sum([...ended, model.faults.played()]),
    async leave() {
      away = true;
      ended.push(model.faults.played());
      await model.close();
    },
    async back() {
      lives += 1;
      model = await startRehearsal({ port });
      spoil(model);
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
