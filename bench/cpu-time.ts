import { readFileSync } from 'node:fs';

/** Of the kernel's clock ticks, as Linux counts them for programs on every machine. */
const MS_PER_TICK = 10;

/** Milliseconds of processor time that a process has used; NaN where the system does not tell. */
export function cpuTimeOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, which may hold blanks.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
  } catch {
    return Number.NaN;
  }
}
