import { readdirSync, readFileSync } from 'node:fs';

/** Of `/proc/<pid>/stat`; Linux gives all programs the same. */
const TICK_MS = 10;

/** What a process has used and holds now. */
export interface ProcessFigures {
  /** Processor time, ms, since its start. */
  cpuMs: number;
  /** Resident memory, MB, now and at its highest. */
  memory: number;
  peak: number;
  /** Open file handles. */
  handles: number;
  threads: number;
  /** With its children, and theirs. */
  processes: number;
}

/** Figures of a process of this machine, and of its children that have not ended. @throws Error if it is gone */
export function processFigures(pid: number): ProcessFigures {
  const own = figuresOf(pid);
  for (const child of childrenOf(pid)) {
    try {
      const { cpuMs, memory, peak, handles, threads, processes } = processFigures(child);
      own.cpuMs += cpuMs;
      own.memory += memory;
      own.peak += peak;
      own.handles += handles;
      own.threads += threads;
      own.processes += processes;
    } catch {
      // It ended while it was looked at.
    }
  }
  return own;
}

function figuresOf(pid: number): ProcessFigures {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold spaces; the fields after it are counted from the third.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  // User and system time, and those of children that were waited for.
  const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + (fields[index] ?? 0), 0);
  return {
    cpuMs: ticks * TICK_MS,
    memory: kilobytes('VmRSS') / 1000,
    peak: kilobytes('VmHWM') / 1000,
    handles: readdirSync(`/proc/${pid}/fd`).length,
    threads: kilobytes('Threads'),
    processes: 1,
  };
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        return parent === pid ? [Number(name)] : [];
      } catch {
        return [];
      }
    });
}
