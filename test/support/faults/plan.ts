import type { Dice } from './dice.ts';

/**
 * Faults that come at a moment, each with what it hits. `worker-freeze` is SIGSTOP, and SIGCONT after a while;
 * `…-kill` is SIGKILL and `…-stop` SIGTERM, after which what was ended is started again.
 */
export const FAULT_KINDS = [
  'worker-kill',
  'worker-stop',
  'worker-freeze',
  'clock-jump',
  'temporal-kill',
  'temporal-stop',
  'database-kill',
  'model-away',
  'tools-away',
  'disk-full',
  'docker-kill',
  'docker-stop',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

export interface PlannedFault {
  kind: FaultKind;
  /** When: the share of the whole work that is done by then, so that a slow machine meets the same faults. */
  at: number;
  /** Which of several is hit: a fraction of them, in [0, 1). */
  which: number;
  /** How long it lasts, where it is not over at once. */
  seconds: number;
}

/** Longest and shortest, in s. */
const LASTING: Partial<Record<FaultKind, [least: number, most: number]>> = {
  // Beyond the heartbeat timeout of 20 s others take the worker's calls over while it still has them.
  'worker-freeze': [1, 26],
  // A jump of this many seconds, back or ahead.
  'clock-jump': [-7200, 7200],
  'model-away': [1, 8],
  // A look-up is tried again for 12 s before the model is told that it failed.
  'tools-away': [1, 4],
  'disk-full': [2, 12],
};

/** The same for the same seed: so many faults of each kind, spread over the work. */
export function planFaults(dice: Dice, wanted: Partial<Record<FaultKind, number>>): PlannedFault[] {
  const faults = FAULT_KINDS.flatMap((kind) =>
    Array.from({ length: wanted[kind] ?? 0 }, (_, index): PlannedFault => {
      const [least, most] = LASTING[kind] ?? [0, 0];
      return {
        kind,
        at: dice.between(0.03, 0.92, kind, index, 'at'),
        which: dice.fraction(kind, index, 'which'),
        seconds: Math.round(dice.between(least, most, kind, index, 'seconds') * 10) / 10,
      };
    }),
  );
  return faults.sort((one, other) => one.at - other.at);
}
