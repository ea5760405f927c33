import { setTimeout as sleep } from 'node:timers/promises';
import { answers } from './readiness.ts';

export interface HealthOptions {
  /** Milliseconds between looks, default 15,000. */
  everyMs?: number;
  /** So many looks in a row without an answer are too many, default 12: a loaded machine is slow for minutes. */
  silent?: number;
  signal: AbortSignal;
}

/** Of an answer that says so, one more must say the same. */
const BROKEN = 2;

/**
 * Looks at a running server until it is of no use any more, and gives why; undefined when the signal aborts.
 *
 * Besides hanging it can lose its database without ending: the SQLite driver of servers before 1.31 may stay
 * "interrupted (9)" for ever when one of its calls ran out of time, as happens on a starved machine
 * (https://github.com/temporalio/temporal/pull/9198). It then answers that it knows no namespace.
 */
export async function beyondUse(
  address: string,
  { everyMs = 15_000, silent = 12, signal }: HealthOptions,
): Promise<string | undefined> {
  for (let [failed, broken] = [0, 0]; ; ) {
    await sleep(everyMs, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) return undefined;
    try {
      await answers(address);
      [failed, broken] = [0, 0];
    } catch (error) {
      failed += 1;
      broken = isBroken(error) ? broken + 1 : 0;
      if (broken >= BROKEN) return 'it has lost its database';
      if (failed >= silent) return `it has not answered for ${Math.round((failed * everyMs) / 1000)} s`;
    }
  }
}

const isBroken = (error: unknown): boolean => /\binterrupted \(9\)/.test((error as Error).message);
