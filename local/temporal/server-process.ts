import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A dev server found among the running processes. */
export interface ServerProcess {
  pid: number;
  port: number;
  uiPort: number;
}

/**
 * Looks for the dev servers of one database among all processes, by their command lines. What a process is can be
 * trusted where a recorded pid cannot: a pid may have been reused, and the record is missing if the process that
 * started the server was killed before it wrote one.
 * @param database absolute path, as given to `--db-filename`
 */
export function findServers(database: string): ServerProcess[] {
  return commandLines().flatMap(({ pid, line }) => parseServer(pid, line, database) ?? []);
}

/** Whether the process is still that database's server. False for a zombie and for a reused pid. */
export function isServer(pid: number, database: string): boolean {
  const line = process.platform === 'linux' ? procCommandLine(pid) : psCommandLines(['-p', String(pid)])[0]?.line;
  return line !== undefined && parseServer(pid, line, database) !== undefined;
}

/**
 * Ends a server: SIGTERM, and SIGKILL after `graceMs`. Touches nothing if the pid is not, or no longer, that server.
 * @throws Error if it is still there 10 seconds after SIGKILL
 */
export async function terminateServer(pid: number, database: string, graceMs: number): Promise<void> {
  for (const [signal, limitMs] of [
    ['SIGTERM', graceMs],
    ['SIGKILL', 10_000],
  ] as const) {
    if (!isServer(pid, database)) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    const until = Date.now() + limitMs;
    while (Date.now() < until) {
      if (!isServer(pid, database)) return;
      await sleep(50);
    }
  }
  throw new Error(`The Temporal dev server (process ${pid}) does not end, not even by SIGKILL.`);
}

/**
 * `line` is a whole command line, arguments divided and ended by NUL (Linux) or by blanks (`ps`). Both ways to write a
 * flag are known, since a person may have started the server on the same database by hand.
 */
function parseServer(pid: number, line: string, database: string): ServerProcess | undefined {
  const divider = line.includes('\0') ? '\0' : ' ';
  const has = (argument: string) => line.includes(`${divider}${argument}${divider}`);
  if (!has('start-dev')) return undefined;
  if (!has(`--db-filename=${database}`) && !has(`--db-filename${divider}${database}`)) return undefined;
  const number = (flag: string) => new RegExp(`${divider}--${flag}[=${divider}](\\d+)${divider}`).exec(line)?.[1];
  const port = Number(number('port') ?? 7233);
  return { pid, port, uiPort: Number(number('ui-port') ?? port + 1000) };
}

function commandLines(): { pid: number; line: string }[] {
  if (process.platform !== 'linux') return psCommandLines(['-ax']);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), line: procCommandLine(Number(name)) ?? '' }));
}

function procCommandLine(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return undefined;
  }
}

function psCommandLines(select: string[]): { pid: number; line: string }[] {
  let text: string;
  try {
    text = execFileSync('ps', [...select, '-ww', '-o', 'pid=,args='], { encoding: 'utf8', maxBuffer: 64 << 20 });
  } catch (error) {
    // `ps -p` of a process that is gone prints nothing and ends with 1; anything else is a fault.
    if ((error as { status?: number }).status === 1) return [];
    throw error;
  }
  return [...text.matchAll(/^\s*(\d+)\s+(.*)$/gm)].map((match) => ({ pid: Number(match[1]), line: `${match[2]} ` }));
}
