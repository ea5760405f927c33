import { setTimeout as sleep } from 'node:timers/promises';
import type { StateFolder } from '../state-folder.ts';
import { launchServer, PortTakenError, type ServerExit } from './launch.ts';
import { choosePort, isFree, LOOPBACK } from './ports.ts';
import { answers, type Readiness, waitUntilReady } from './readiness.ts';
import { findServers, isServer, type ServerProcess, terminateServer } from './server-process.ts';
import { readRecord, writeRecord } from './server-record.ts';

export interface EnsureOptions extends Readiness {
  state: StateFolder;
  cli: string;
  port?: number;
  uiPort?: number;
  dynamicConfig?: Record<string, number>;
  readyLimitMs: number;
  silentLimitMs: number;
  stopGraceMs: number;
  signal?: AbortSignal;
}

export interface RunningServer {
  pid: number;
  address: string;
  uiUrl: string;
  port: number;
  uiPort: number;
  adopted: boolean;
  exited: Promise<ServerExit>;
}

/** Clients and the Web UI look for Temporal there. */
const USUAL_PORTS = { port: 7233, uiPort: 8233 };

/**
 * The one server of a state folder: the running one if it answers, else a new one on the same database. Never two: two
 * on one database would spoil it, so all that run and do not answer are ended first. To be called under the state
 * folder's lock.
 */
export async function ensureServer(options: EnsureOptions): Promise<RunningServer> {
  const { state } = options;
  let adopted: ServerProcess | undefined;
  for (const found of findServers(state.temporalDb)) {
    if (!adopted && (await isAlive(found, options))) adopted = found;
    else await terminateServer(found.pid, state.temporalDb, options.stopGraceMs);
  }
  if (adopted) {
    const exited = watchExit(adopted.pid, state.temporalDb);
    const wait = { limitMs: options.readyLimitMs, over: exited, signal: options.signal };
    const reason = await waitUntilReady(`${LOOPBACK}:${adopted.port}`, options, wait);
    options.signal?.throwIfAborted();
    if (reason) throw new Error(`The running Temporal dev server (process ${adopted.pid}) is not ready: ${reason}.`);
    return describe({ ...adopted, exited }, true);
  }

  for (let attempt = 1; ; attempt += 1) {
    const ports = await choosePorts(options);
    try {
      return describe({ ...(await launchServer({ ...options, ...ports })), ...ports }, false);
    } catch (error) {
      if (!(error instanceof PortTakenError) || attempt === 3) throw error;
    }
  }

  function describe(server: ServerProcess & { exited: Promise<ServerExit> }, isAdopted: boolean): RunningServer {
    const address = `${LOOPBACK}:${server.port}`;
    const uiUrl = `http://${LOOPBACK}:${server.uiPort}`;
    const { pid, port, uiPort } = server;
    const before = readRecord(state.temporalRecord);
    if (before?.pid !== pid || before.port !== port || before.uiPort !== uiPort) {
      const startTime = new Date().toISOString();
      writeRecord(state.temporalRecord, { pid, startTime, port, uiPort, address, uiUrl });
    }
    return { ...server, address, uiUrl, adopted: isAdopted };
  }
}

/** A server may be starting, or the machine be loaded: it is dead only if it is silent all the while. */
async function isAlive(server: ServerProcess, options: EnsureOptions): Promise<boolean> {
  const until = Date.now() + options.silentLimitMs;
  do {
    options.signal?.throwIfAborted();
    try {
      await Promise.race([answers(`${LOOPBACK}:${server.port}`), rejectAt(until)]);
      return true;
    } catch {
      await sleep(200);
    }
  } while (Date.now() < until && isServer(server.pid, options.state.temporalDb));
  return false;
}

async function rejectAt(time: number): Promise<never> {
  await sleep(Math.max(0, time - Date.now()), undefined, { ref: false });
  throw new Error('silent');
}

async function choosePorts({ state, port, uiPort }: EnsureOptions): Promise<{ port: number; uiPort: number }> {
  for (const wanted of [port, uiPort]) {
    if (wanted && !(await isFree(wanted))) throw new Error(`Port ${wanted} on ${LOOPBACK} is in use; choose another.`);
  }
  const record = readRecord(state.temporalRecord);
  const preferred = (given: number | undefined, before: number | undefined, usual: number) =>
    given === undefined ? [before, usual] : [given || before];
  const chosen = await choosePort(preferred(port, record?.port, USUAL_PORTS.port), uiPort ? [uiPort] : []);
  return { port: chosen, uiPort: await choosePort(preferred(uiPort, record?.uiPort, USUAL_PORTS.uiPort), [chosen]) };
}

/** The end of a process that is no child of ours can only be looked for. */
async function watchExit(pid: number, database: string): Promise<ServerExit> {
  while (isServer(pid, database)) await sleep(500, undefined, { ref: false });
  return { code: null, signal: null };
}
