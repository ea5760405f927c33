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

const LOOK_MS = 50;

/**
 * What is hit by one fault at a time: two kills of a server in one moment are one. Workers are several, and who plays
 * their faults sees to each of them.
 */
function targetOf(kind: FaultKind): string | undefined {
  if (kind === 'database-kill') return 'temporal';
  return kind.startsWith('worker-') || kind === 'clock-jump' ? undefined : kind.split('-')[0];
}

/** Plays a plan while work goes on. Gives what was played; rejects where a fault could not be played. */
export async function playFaults(plan: readonly PlannedFault[], options: PlayOptions): Promise<PlayedFault[]> {
  const { plays, progress, over, say = () => {} } = options;
  const played: PlayedFault[] = [];
  const all: Promise<void>[] = [];
  const last = new Map<string, Promise<void>>();
  for (const fault of plan) {
    const play = plays[fault.kind];
    if (!play) throw new Error(`Nobody plays ${fault.kind}.`);
    while (!over.aborted && progress() < fault.at) await sleep(LOOK_MS);
    if (over.aborted) break;
    const target = targetOf(fault.kind);
    const before = target === undefined ? undefined : last.get(target);
    const mine = (async () => {
      await before;
      const began = Date.now();
      say(`${(progress() * 100).toFixed(0)} %: ${fault.kind} ${fault.seconds || ''}`);
      await play(fault);
      played.push({ ...fault, began, ended: Date.now() });
    })();
    // Told at the end; the others are still played.
    mine.catch(() => {});
    all.push(mine);
    if (target !== undefined) last.set(target, mine);
  }
  await Promise.all(all);
  return played.sort((one, other) => one.began - other.began);
}

/** How many of each kind, for the one who reads the test's output. */
export function countsOf(played: readonly PlayedFault[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of played) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${kind} ${count}`).join(', ');
}
