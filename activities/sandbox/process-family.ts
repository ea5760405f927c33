import { setTimeout as sleep } from 'node:timers/promises';
import { hasVariable, type ProcessRow, processTable } from './process-table.ts';

/** Environment variable by which the processes of a call are known, also after `setsid`. */
export const CALL_VARIABLE = 'SANDBOX_CALL';

/**
 * The processes that one command has started: its group, its session, their descendants, and whatever inherited its
 * variable. Remembers sessions once seen. A process escapes if it makes a session of its own, drops its environment
 * and loses its parent, all between two looks; containers have no such gap.
 */
export interface ProcessFamily {
  /** `thorough` reads environments too, which finds daemons. */
  members(thorough: boolean): ProcessRow[];
  /** Whether the command's group and sessions have more processes than this; stops counting there. */
  groupExceeds(limit: number): boolean;
  /** Without a look at what else there is. */
  killGroup(): void;
  /** Polite signal, then after the grace the other until none is left. Gives how many there were at first. */
  stop(graceSeconds: number): Promise<number>;
}

/** `leader` is the command's first process, which leads its session and group; `token` the value of its variable. */
export function processFamily(leader: number | undefined, token: string): ProcessFamily {
  const sessions = new Set(leader === undefined ? [] : [leader]);
  const assignment = `${CALL_VARIABLE}=${token}`;

  function members(thorough: boolean): ProcessRow[] {
    const table = [...processTable()].filter((row) => row.pid !== process.pid);
    const found = new Map<number, ProcessRow>();
    let added = true;
    while (added) {
      added = false;
      for (const row of table) {
        if (found.has(row.pid)) continue;
        const known = row.group === leader || sessions.has(row.session) || found.has(row.parent);
        if (!known && !(thorough && hasVariable(row.pid, assignment))) continue;
        found.set(row.pid, row);
        if (row.session === row.pid) sessions.add(row.session);
        added = true;
      }
      // Environments do not change from pass to pass; the later passes are for descendants.
      thorough = false;
    }
    return [...found.values()];
  }

  function signal(name: 'SIGTERM' | 'SIGKILL'): void {
    const rows = members(true);
    // A group is signalled as a whole, which a fork bomb cannot outrun; it lies in one session, so it is all ours.
    const ours = (row: ProcessRow) => row.group === leader || sessions.has(row.session);
    for (const group of new Set(rows.filter(ours).map((row) => row.group))) send(-group, name);
    // Numbers of single processes may be another's by now, so they are the last resort.
    for (const row of rows.filter((row) => !ours(row))) send(row.pid, name);
  }

  async function gone(withinMs: number): Promise<boolean> {
    const end = performance.now() + withinMs;
    for (;;) {
      if (members(true).length === 0) return true;
      if (performance.now() >= end) return false;
      await sleep(50);
    }
  }

  async function stop(graceSeconds: number): Promise<number> {
    const count = members(true).length;
    if (count === 0) return 0;
    if (graceSeconds > 0) {
      signal('SIGTERM');
      if (await gone(graceSeconds * 1000)) return count;
    }
    // A process in uninterruptible sleep ends only when the kernel lets it; the wait for it has an end.
    for (let round = 0; round < 50; round++) {
      signal('SIGKILL');
      if (await gone(200)) break;
    }
    return count;
  }

  function groupExceeds(limit: number): boolean {
    let count = 0;
    for (const row of processTable()) {
      if ((row.group === leader || sessions.has(row.session)) && ++count > limit) return true;
    }
    return false;
  }

  function killGroup(): void {
    if (leader !== undefined) send(-leader, 'SIGKILL');
  }

  return { members, groupExceeds, killGroup, stop };
}

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Already gone.
  }
}
