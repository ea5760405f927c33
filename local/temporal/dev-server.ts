import { realpathSync } from 'node:fs';
import { createStateFolder, type StateFolder, stateFolderAt } from '../state-folder.ts';
import { type EnsureOptions, ensureServer, type RunningServer } from './ensure-server.ts';
import { withLock } from './file-lock.ts';
import type { ServerExit } from './launch.ts';
import { SEARCH_ATTRIBUTES, type SearchAttributeType } from './readiness.ts';
import { findServers, terminateServer } from './server-process.ts';
import { enterUser } from './users.ts';

export interface StartDevServerOptions {
  /** State folder; created if it is not there. */
  stateDir: string;
  /** Path of the Temporal CLI (`findTemporalCli`). */
  cli: string;
  /**
   * gRPC port of a server that must be started anew; a running one is adopted wherever it listens. Default: the port
   * of the folder's last server if free, else 7233 if free, else any. 0: the last one's, else any. A number: that one,
   * or an error.
   */
  port?: number;
  /** Web UI port, by the same rules, with 8233. */
  uiPort?: number;
  /** Default: those of the sessions. */
  searchAttributes?: Record<string, SearchAttributeType>;
  /** Days that closed sessions stay viewable, default 30. A longer retention that is set already stays. */
  retentionDays?: number;
  /** Settings of a server that must be started anew, such as limits made small for a test. */
  dynamicConfig?: Record<string, number>;
  /** Milliseconds for a new server to be ready, default 60,000. */
  readyLimitMs?: number;
  /** Milliseconds of silence after which a running server counts as dead and is ended, default 15,000. */
  silentLimitMs?: number;
  /** Milliseconds from SIGTERM to SIGKILL, default 10,000. */
  stopGraceMs?: number;
  signal?: AbortSignal;
}

export interface DevServer {
  /** gRPC address, such as `127.0.0.1:7233`. */
  address: string;
  uiUrl: string;
  pid: number;
  /** It was running already. */
  adopted: boolean;
  /** Resolves when the server process has ended, for whatever reason. */
  exited: Promise<ServerExit>;
  /** Ends this use of the server, and the server if nobody else uses it. Safe to call twice. */
  stop(): Promise<StopResult>;
}

/** `kept`: others still use the server. */
export type StopResult = 'stopped' | 'kept';

/** One use of a state folder's server: what `startDevServer` and `superviseDevServer` are made of. */
export interface DevServerUse {
  /** The running server, or a new one. */
  ensure(ports?: { port: number; uiPort: number }): Promise<RunningServer>;
  /** Ends a server that is of no use any more, whoever uses it; one that has ended already is no fault. */
  end(server: RunningServer): Promise<void>;
  stop(): Promise<StopResult>;
}

/** Starting takes a minute at most, and stopping 20 seconds; whoever holds the lock longer hangs. */
const LOCK_LIMIT_MS = 180_000;

/**
 * The Temporal dev server of a state folder: adopts the running one or starts one. It outlives this process unless
 * `stop` is called, so that the next start finds it even if this process is killed; sessions are in the database and
 * outlive both.
 * @throws Error if it cannot be started, with the tail of its log
 */
export async function startDevServer(options: StartDevServerOptions): Promise<DevServer> {
  const use = await useDevServer(options);
  try {
    const { address, uiUrl, pid, adopted, exited } = await use.ensure();
    return { address, uiUrl, pid, adopted, exited, stop: use.stop };
  } catch (error) {
    await use.stop();
    throw error;
  }
}

/** Enters a use of the state folder's server without starting one. */
export async function useDevServer(options: StartDevServerOptions): Promise<DevServerUse> {
  if (process.platform === 'win32') {
    throw new Error(
      'Local mode runs its own Temporal server on Linux and macOS only; set TEMPORAL_ADDRESS, or use WSL.',
    );
  }
  const state = resolveState(options.stateDir);
  const settings: EnsureOptions = {
    state,
    cli: options.cli,
    port: options.port,
    uiPort: options.uiPort,
    searchAttributes: options.searchAttributes ?? SEARCH_ATTRIBUTES,
    retentionDays: options.retentionDays ?? 30,
    dynamicConfig: options.dynamicConfig,
    readyLimitMs: options.readyLimitMs ?? 60_000,
    silentLimitMs: options.silentLimitMs ?? 15_000,
    stopGraceMs: options.stopGraceMs ?? 10_000,
    signal: options.signal,
  };
  const locked = <T>(work: () => Promise<T>, signal?: AbortSignal) =>
    withLock(state.temporalLock, { waitMs: LOCK_LIMIT_MS, signal }, work);

  const user = await locked(async () => enterUser(state.temporalUsers), options.signal);
  let stopping: Promise<StopResult> | undefined;

  return {
    ensure: (ports) => locked(() => ensureServer({ ...settings, ...ports }), options.signal),
    end: ({ pid }) => locked(() => terminateServer(pid, state.temporalDb, settings.stopGraceMs)),
    stop: () => {
      stopping ??= locked(async () => {
        if (user.leave() > 0) return 'kept';
        // Not by pid: another user may have restarted it since.
        for (const { pid } of findServers(state.temporalDb)) {
          await terminateServer(pid, state.temporalDb, settings.stopGraceMs);
        }
        return 'stopped';
      });
      return stopping;
    },
  };
}

/** Symbolic links resolved: the server is recognised by its database's path, whichever way the folder was reached. */
function resolveState(stateDir: string): StateFolder {
  return stateFolderAt(realpathSync(createStateFolder(stateFolderAt(stateDir)).root));
}
