import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessFamily } from './process-family.ts';

/** How often the system's number of tasks is read, in ms: a fork bomb makes some hundred processes in that time. */
const LOOK_MS = 25;

/** Of so many looks one counts the family, which costs more. */
const LOOKS_A_COUNT = 20;

/** Resolves when the family has more than `limit` processes, with the command's group already killed; else never. */
export async function tooManyProcesses(family: ProcessFamily, limit: number, done: AbortSignal): Promise<void> {
  let lowest = systemTasks();
  for (let look = 1; await sleep(LOOK_MS, true, { signal: done }).catch(() => false); look++) {
    const tasks = systemTasks();
    lowest = Math.min(lowest, tasks);
    // The whole system's growth is only a hint, but it takes one small read.
    const grown = tasks - lowest > limit / 4;
    if (!grown && look % LOOKS_A_COUNT !== 0) continue;
    // While one counts thousands, a bomb doubles: so first what stops at the limit, and then kill before all else.
    if (family.groupExceeds(limit) || family.members(false).length > limit) {
      family.killGroup();
      return;
    }
    lowest = tasks;
  }
  return new Promise(() => {});
}

/** Threads of the whole system: the number after the slash in `0.20 0.18 0.12 1/80 11206`. 0 where it is not told. */
function systemTasks(): number {
  if (process.platform !== 'linux') return 0;
  return Number(/\/(\d+)/.exec(readFileSync('/proc/loadavg', 'latin1'))?.[1] ?? 0);
}
