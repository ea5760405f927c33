import { killed } from './chromium.ts';
import type { ProcessMemory } from './process-memory.ts';

/** A script fills some hundred megabytes in that time. */
const LOOK_EVERY_MS = 300;

/** What was ended takes a moment to give its memory back. */
const PAUSE_MS = 1500;

export interface WatchedMemory {
  /** Whether something was ended for its memory in the last seconds. */
  justExceeded(): boolean;
  end(): void;
}

/**
 * Keeps a browser within its memory: over the limit, the largest of its processes is ended. That is the page's which is
 * at fault, as a rule; where it is the browser's own, all pages go.
 */
export function watchMemory(chromium: { memory(): ProcessMemory[]; kill(): void }, limitMb: number): WatchedMemory {
  let exceededAt = Number.NEGATIVE_INFINITY;
  const timer = setInterval(() => {
    if (performance.now() - exceededAt < PAUSE_MS) return;
    const processes = chromium.memory();
    if (processes.reduce((sum, { used }) => sum + used, 0) <= limitMb) return;
    exceededAt = performance.now();
    const largest = processes.toSorted((a, b) => b.used - a.used)[0]!;
    if (largest.pid === processes[0]!.pid) chromium.kill();
    else killed(largest.pid);
  }, LOOK_EVERY_MS);
  timer.unref();
  return { justExceeded: () => performance.now() - exceededAt < 5000, end: () => clearInterval(timer) };
}
