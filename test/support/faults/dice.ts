import { seededChoice, seededFraction } from '../../../local/rehearsal/seeded.ts';

/** Chance that depends only on a seed and on what is asked: the same in every run, whatever else was asked before. */
export interface Dice {
  seed: number;
  /** In [0, 1). */
  fraction(...what: (string | number)[]): number;
  between(least: number, most: number, ...what: (string | number)[]): number;
  one<T>(choices: readonly [T, ...T[]], ...what: (string | number)[]): T;
}

export function diceOf(seed: number): Dice {
  const fraction: Dice['fraction'] = (...what) => seededFraction('faults', seed, ...what);
  return {
    seed,
    fraction,
    between: (least, most, ...what) => least + fraction(...what) * (most - least),
    one: (choices, ...what) => seededChoice(choices, 'faults', seed, ...what),
  };
}

/**
 * The dice of a test's faults: `FAULTS_SEED`, else the usual seed if there is one, else by chance. The seed is printed,
 * so that a failure can be repeated.
 */
export function throwDice(usual?: number): Dice {
  const given = process.env.FAULTS_SEED;
  const seed = given === undefined ? (usual ?? Math.floor(Math.random() * 1e6)) : Number(given);
  if (!Number.isSafeInteger(seed)) throw new Error(`FAULTS_SEED: expected a whole number, got ${given}.`);
  console.log(`FAULTS_SEED=${seed}`);
  return diceOf(seed);
}

/** Names the seed in whatever goes wrong. */
export async function seeded<T>({ seed }: Dice, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error) error.message = `[FAULTS_SEED=${seed}] ${error.message}`;
    throw error;
  }
}
