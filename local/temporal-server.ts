import { spawn } from 'node:child_process';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import type { StateFolder } from './state-folder.ts';

/** Local processes only; a first start creates the database. */
const START_LIMIT_MS = 60_000;

export interface DevServer {
  address: string;
  uiUrl: string;
  /** True where a server left by an earlier command was found and is used. */
  adopted: boolean;
  stop(): Promise<void>;
}

interface Saved {
  pid: number;
  port: number;
  uiPort: number;
}

/** Starts Temporal's dev server on the state folder's database, or uses the one that runs on it already. */
export async function startDevServer(cli: string, state: StateFolder): Promise<DevServer> {
  const saved = readSaved(state);
  if (saved && isOurs(saved.pid, state) && (await answers(saved.port))) return serverOf(saved, true);
  if (saved && isOurs(saved.pid, state)) process.kill(saved.pid, 'SIGKILL');
  const port = await freePort(saved?.port ?? 7233);
  const uiPort = await freePort(saved?.uiPort ?? 8233);
  const log = openSync(state.temporalLog, 'a');
  const raised = ['transfer', 'timer', 'visibility'].flatMap((queue) => [
    '--dynamic-config-value',
    `history.${queue}ProcessorMaxPollRPS=10000`,
  ]);
  const attributes = ['ResearchState=Keyword', 'ResearchRounds=Int', 'ResearchBatch=Keyword'];
  // Detached: the terminal's Ctrl-C is for us, and we stop the server last.
  const child = spawn(
    cli,
    [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)],
      ...['--db-filename', state.temporalDb, '--log-level', 'error'],
      ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=1'],
      ...raised,
      ...attributes.flatMap((attribute) => ['--search-attribute', attribute]),
    ],
    { detached: true, stdio: ['ignore', log, log] },
  );
  const started = { pid: child.pid ?? 0, port, uiPort };
  writeFileSync(state.temporalRecord, JSON.stringify(started));
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      const tail = readFileSync(state.temporalLog, 'utf8').split('\n').slice(-8).join('\n');
      throw new Error(`Temporal's dev server did not start; its log ends with:\n${tail}`);
    }
    await sleep(200);
  }
  child.unref();
  return serverOf(started, false);
}

function serverOf({ pid, port, uiPort }: Saved, adopted: boolean): DevServer {
  return {
    address: `127.0.0.1:${port}`,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    adopted,
    async stop() {
      try {
        process.kill(pid, 'SIGTERM');
        for (let i = 0; i < 100; i += 1, await sleep(100)) process.kill(pid, 0);
        process.kill(pid, 'SIGKILL');
      } catch {
        // It is gone.
      }
    },
  };
}

function readSaved(state: StateFolder): Saved | undefined {
  try {
    return JSON.parse(readFileSync(state.temporalRecord, 'utf8'));
  } catch {
    return undefined;
  }
}

/** A process id may belong to another program by now; ours names the database on its command line. */
function isOurs(pid: number, state: StateFolder): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(state.temporalDb);
  } catch {
    return false;
  }
}

async function answers(port: number): Promise<boolean> {
  const connection = Connection.lazy({ address: `127.0.0.1:${port}` });
  try {
    await connection.withDeadline(Date.now() + 2000, () =>
      connection.workflowService.describeNamespace({ namespace: 'default' }),
    );
    return true;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}

function freePort(wanted: number): Promise<number> {
  const attempt = (port: number) =>
    new Promise<number | undefined>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(undefined));
      probe.listen(port, '127.0.0.1', () => {
        const address = probe.address();
        probe.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
      });
    });
  return attempt(wanted).then(async (port) => port ?? ((await attempt(0)) as number));
}
