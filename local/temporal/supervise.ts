import { setTimeout as sleep } from 'node:timers/promises';
import { type StartDevServerOptions, type StopResult, useDevServer } from './dev-server.ts';
import type { RunningServer } from './ensure-server.ts';
import { beyondUse, type HealthOptions } from './health.ts';
import type { ServerExit } from './launch.ts';

export type SupervisorEvent =
  /** The server ended although nobody here asked for it. */
  | ({ type: 'exited'; pid: number } & ServerExit)
  /** It runs and is of no use, and is ended. */
  | { type: 'beyond-use'; pid: number; reason: string }
  /** A server answers again; `adopted` if another user of the folder was faster. */
  | { type: 'restarted'; pid: number; attempts: number; adopted: boolean }
  | { type: 'restart-failed'; error: Error; attempts: number; retryMs: number };

export interface SuperviseDevServerOptions extends StartDevServerOptions {
  onEvent?: (event: SupervisorEvent) => void;
  /** How often it is looked at, and how long it may be silent. */
  health?: Omit<HealthOptions, 'signal'>;
}

/** A server that is kept running. `pid` changes with each restart, the addresses do not. */
export interface SupervisedDevServer {
  readonly address: string;
  readonly uiUrl: string;
  readonly pid: number;
  /** The first server was running already. */
  readonly adopted: boolean;
  /** Ends the supervision and this use of the server, and the server if nobody else uses it. Safe to call twice. */
  stop(): Promise<StopResult>;
}

/** A restart that keeps failing (a full disk, a taken port) is tried twice a minute. */
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;

/** A server that has lived this long was sound: the next one is started at once. */
const SOUND_MS = 60_000;

/**
 * As `startDevServer`, and whenever the server dies or is of no use any more a new one is started on the same database
 * and ports. All users of a folder may supervise: the first to notice restarts, the others adopt.
 */
export async function superviseDevServer(options: SuperviseDevServerOptions): Promise<SupervisedDevServer> {
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, ...(options.signal ? [options.signal] : [])]);
  const use = await useDevServer({ ...options, signal });
  let server: RunningServer;
  try {
    server = await use.ensure();
  } catch (error) {
    await use.stop();
    throw error;
  }
  const { address, uiUrl, adopted } = server;
  const supervision = supervise();

  return {
    address,
    uiUrl,
    adopted,
    get pid() {
      return server.pid;
    },
    stop: async () => {
      ended.abort();
      await supervision;
      return use.stop();
    },
  };

  async function supervise(): Promise<void> {
    const aborted = new Promise<undefined>((resolve) => {
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    let retryMs = FIRST_RETRY_MS;
    for (;;) {
      const since = Date.now();
      const exit = await Promise.race([server.exited, endWhenBeyondUse(server), aborted]);
      if (!exit || signal.aborted) return;
      options.onEvent?.({ type: 'exited', pid: server.pid, ...exit });
      if (Date.now() - since > SOUND_MS) retryMs = FIRST_RETRY_MS;
      else await pause(retryMs);
      retryMs = await restart(retryMs);
    }
  }

  /** Resolves with the server's end, when it had to be ended. */
  async function endWhenBeyondUse(watched: RunningServer): Promise<ServerExit> {
    const gone = new AbortController();
    void watched.exited.then(() => gone.abort());
    const over = AbortSignal.any([signal, gone.signal]);
    for (;;) {
      const reason = await beyondUse(watched.address, { ...options.health, signal: over });
      if (reason === undefined) return watched.exited;
      options.onEvent?.({ type: 'beyond-use', pid: watched.pid, reason });
      // Where it cannot be ended now, the next look tries again.
      await use.end(watched).catch(() => {});
    }
  }

  /** Tries until it succeeds or is ended. @returns the pause before a further restart */
  async function restart(retryMs: number): Promise<number> {
    let next = retryMs;
    for (let attempts = 1; !signal.aborted; attempts += 1) {
      next = Math.min(next * 2, LONGEST_RETRY_MS);
      try {
        server = await use.ensure({ port: server.port, uiPort: server.uiPort });
        options.onEvent?.({ type: 'restarted', pid: server.pid, attempts, adopted: server.adopted });
        return next;
      } catch (error) {
        if (signal.aborted) break;
        options.onEvent?.({ type: 'restart-failed', error: error as Error, attempts, retryMs: next });
        await pause(next);
      }
    }
    return next;
  }

  async function pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
