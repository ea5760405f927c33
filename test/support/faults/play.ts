import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultKind, PlannedFault } from './plan.ts';

/** Does one fault, and resolves when it is over and what it hit is back. */
export type Play = (fault: PlannedFault) => Promise<unknown>;

export interface PlayedFault extends PlannedFault {
  /** Epoch ms. */
  began: number;
  ended: number;
}

export interface PlayOptions {
  plays: Partial<Record<FaultKind, Play>>;
  /** The share of the work that is done. */
  progress: () => number;
  /** Aborts when the work is over: what has not begun by then is left out. */
  over: AbortSignal;
  say?: (line: string) => void;
}

/** What is hit at one time by one fault only: two kills of a server in one moment are one. */
const targetOf = (kind: FaultKind): string => (kind === 'database-kill' ? 'temporal' : (kind.split('-')[0] ?? kind));

/** Plays a plan while work goes on. Gives what was played; rejects where a fault could not be played. */
export async function playFaults(plan: readonly PlannedFault[], options: PlayOptions): Promise<PlayedFault[]> {
  const { plays, progress, over, say = () => {} } = options;
  const played: PlayedFault[] = [];
  const busy = new Map<string, Promise<void>>();
  for (const fault of plan) {
    const play = plays[fault.kind];
    if (!play) throw new Error(`Nobody plays ${fault.kind}.`);
    while (!over.aborted && progress() < fault.at) await sleep(50);
    if (over.aborted) break;
    const target = targetOf(fault.kind);
    // Workers are several; each of them sees to it that it is hit by one fault at a time.
    const free = target === 'worker' ? Promise.resolve() : (busy.get(target) ?? Promise.resolve());
    const mine = free.then(async () => {
      const began = Date.now();
      say(`${(progress() * 100).toFixed(0)} %: ${fault.kind} ${fault.seconds || ''}`);
      await play(fault);
      played.push({ ...fault, began, ended: Date.now() });
    });
    // Told at the end; the others are still played.
    mine.catch(() => {});
    busy.set(target === 'worker' ? `worker ${played.length} ${fault.at}` : target, mine);
  }
  await Promise.all(busy.values());
  return played.sort((one, other) => one.began - other.began);
}

/** How many of each kind, for the one who reads the test's output. */
export function countsOf(played: readonly PlayedFault[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of played) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${kind} ${count}`).join(', ');
}
