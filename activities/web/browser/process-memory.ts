import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { processTable } from '../../sandbox/process-table.ts';

export interface ProcessMemory {
  pid: number;
  /** In MB. What a program's file fills is shared by all its processes and not counted, where the system tells. */
  used: number;
}

/** The processes below one, itself first, with the memory that each has for itself. */
export function familyMemory(root: number): ProcessMemory[] {
  const children = new Map<number, number[]>();
  for (const { pid, parent } of processTable()) children.set(parent, [...(children.get(parent) ?? []), pid]);
  const family = [root];
  for (const pid of family) family.push(...(children.get(pid) ?? []));
  return family.map((pid) => ({ pid, used: process.platform === 'linux' ? fromProc(pid) : fromPs(pid) }));
}

function fromProc(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const kilobytes = [...status.matchAll(/^Rss(?:Anon|Shmem):\s*(\d+) kB$/gm)].map(([, amount]) => Number(amount));
    return kilobytes.reduce((sum, amount) => sum + amount, 0) / 1024;
  } catch {
    // It ended meanwhile.
    return 0;
  }
}

function fromPs(pid: number): number {
  try {
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;
  } catch {
    return 0;
  }
}
