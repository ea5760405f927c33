import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StateFolder } from '../state-folder.ts';
import { LOOPBACK } from './ports.ts';
import { type Readiness, waitUntilReady } from './readiness.ts';
import { openServerLog } from './server-log.ts';
import { terminateServer } from './server-process.ts';

/** How a server ended; both unknown (`null`) if it was not started by this process. */
export interface ServerExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface LaunchOptions extends Readiness {
  state: StateFolder;
  cli: string;
  port: number;
  uiPort: number;
  dynamicConfig?: Record<string, number>;
  readyLimitMs: number;
  signal?: AbortSignal;
}

export interface LaunchedServer {
  pid: number;
  exited: Promise<ServerExit>;
}

/** The port was taken between the look at it and the server's own try. */
export class PortTakenError extends Error {
  override name = 'PortTakenError';
}

/**
 * A history task waits for its shard's poll of the database, which is limited to 20 a second, and a dev server has one
 * shard: that limit alone makes a round five times as slow.
 */
const POLLS = Object.fromEntries(
  ['transfer', 'timer', 'visibility'].map((kind) => [`history.${kind}ProcessorMaxPollRPS`, 10_000]),
);

/**
 * Transfer tasks that are done are deleted this often. With the server's own 30 s, in which a busy one does ten thousand,
 * a session came to cost it 110 ms of processor time before they went and 65 after.
 */
const DYNAMIC_CONFIG = { ...POLLS, 'history.transferProcessorUpdateAckInterval': '"5s"' };

/** Write-ahead log synced at checkpoints only: a killed process loses nothing, and each commit saves a sync. */
const SQLITE_PRAGMAS = ['journal_mode=wal', 'synchronous=1'];

/** What the CLI prints when its server listens, and how long it may take for it; other versions may not print it. */
const SERVES = /^(Temporal )?Server: /m;
const OWN_WORD_MS = 5_000;

/** Starts a server and waits until it is as sessions need it. @throws Error with the log's tail; nothing is left */
export async function launchServer(options: LaunchOptions): Promise<LaunchedServer> {
  const { state, port, uiPort, signal } = options;
  signal?.throwIfAborted();
  const log = openServerLog(state.temporalLog);
  const child = spawn(options.cli, serverArguments(options), {
    cwd: state.root,
    env: serverEnvironment(),
    // In a group of its own the terminal's Ctrl-C does not reach it: this process ends it, after its workers.
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  closeSync(log.fd);
  child.unref();
  let end: ServerExit | undefined;
  const exited = new Promise<ServerExit>((resolve) => {
    child.once('exit', (code, killedBy) => {
      end = { code, signal: killedBy };
      resolve(end);
    });
  });
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new Error(`${options.cli} cannot be run: ${error.message}`)));
  });
  const pid = child.pid!;

  const wait = { limitMs: options.readyLimitMs, over: exited, signal };
  const reason = await waitUntilReady(`${LOOPBACK}:${port}`, options, wait);
  if (reason === undefined && (await hasPort())) return { pid, exited };
  await terminateServer(pid, state.temporalDb, 2_000);
  signal?.throwIfAborted();
  const tail = log.tail();
  if (end && log.says(/address already in use/)) throw new PortTakenError(`port ${port} or ${uiPort} is in use`);
  const what = end
    ? `ended at its start (${end.signal ?? `code ${end.code}`})`
    : `was not ready within ${options.readyLimitMs / 1000} s (${reason})`;
  throw new Error(`The Temporal dev server ${what}. End of ${state.temporalLog}:\n${tail || '(empty)'}`);

  /** Another folder's server may have taken the port a moment sooner, and answered in this one's place. */
  async function hasPort(): Promise<boolean> {
    const until = Date.now() + OWN_WORD_MS;
    while (!end && Date.now() < until && !log.says(SERVES)) await sleep(50);
    return !end;
  }
}

/** `findServers` recognises the server by these, so the database's path is absolute. */
function serverArguments(options: LaunchOptions): string[] {
  return [
    'server',
    'start-dev',
    `--db-filename=${options.state.temporalDb}`,
    `--ip=${LOOPBACK}`,
    `--port=${options.port}`,
    `--ui-port=${options.uiPort}`,
    '--log-level=warn',
    ...Object.entries({ ...DYNAMIC_CONFIG, ...options.dynamicConfig }).map(
      ([key, value]) => `--dynamic-config-value=${key}=${value}`,
    ),
    ...SQLITE_PRAGMAS.map((value) => `--sqlite-pragma=${value}`),
    ...Object.entries(options.searchAttributes).map(([name, type]) => `--search-attribute=${name}=${type}`),
  ];
}

/** `TEMPORAL_*` is about the server that clients shall use; the CLI would take flags of its own from it. */
function serverEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}
