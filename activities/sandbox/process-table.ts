import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessRow {
  pid: number;
  parent: number;
  group: number;
  /** 0 where the system does not tell. */
  session: number;
  /** Same pid and same start: same process. Linux: boot and clock ticks; elsewhere the date `ps` gives, in seconds. */
  identity: string;
}

/** All processes that still run, one after another; those that ended and wait for their parent are left out. */
export function* processTable(): Generator<ProcessRow> {
  if (process.platform !== 'linux') return yield* rowsFromPs(['-A']);
  for (const name of readdirSync('/proc')) {
    try {
      const row = /^\d+$/.test(name) ? rowFromProc(Number(name)) : undefined;
      if (row) yield row;
    } catch {
      // Not readable at this moment: the others count all the same.
    }
  }
}

/** Identity of a running process; undefined when it is surely gone. Throws when the system cannot tell. */
export function processIdentity(pid: number): string | undefined {
  const row = process.platform === 'linux' ? rowFromProc(pid) : rowsFromPs(['-p', String(pid)])[0];
  return row?.identity;
}

/** Whether a process carries this environment variable. Only Linux tells, and only of one's own processes. */
export function hasVariable(pid: number, assignment: string): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(assignment);
  } catch {
    return false;
  }
}

let boot: string | undefined;

function rowFromProc(pid: number): ProcessRow | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    // A machine out of files or memory does not mean that the process is gone.
    throw error;
  }
  // The second field is the program's name in brackets and may hold anything; proc_pid_stat(5) numbers from 1.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    identity: `${boot}:${fields[19]}`,
  };
}

function rowsFromPs(which: string[]): ProcessRow[] {
  let output: string;
  try {
    const columns = ['-o', 'pid=', '-o', 'ppid=', '-o', 'pgid=', '-o', 'stat=', '-o', 'lstart='];
    output = execFileSync('ps', [...which, ...columns], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  } catch {
    // `ps -p` fails for a process that is gone.
    return [];
  }
  return output.split('\n').flatMap((line) => {
    const [pid, parent, group, state, ...started] = line.trim().split(/\s+/);
    if (!pid || state?.startsWith('Z')) return [];
    return [
      { pid: Number(pid), parent: Number(parent), group: Number(group), session: 0, identity: started.join(' ') },
    ];
  });
}
