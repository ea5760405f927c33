import { mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startWorker, type WorkerProcess } from '../worker-process.ts';

const CLOCK = fileURLToPath(new URL('shift-clock.ts', import.meta.url));
const AGAIN_MS = 500;

/** Workers that are started again when they end, as a service manager does it, with the faults that hit a process. */
export interface Herd {
  /** SIGKILL. */
  kill(which: number): Promise<void>;
  /** SIGTERM. */
  stop(which: number): Promise<void>;
  /** SIGSTOP, and SIGCONT after so many seconds. */
  freeze(which: number, seconds: number): Promise<void>;
  /** Its clock goes wrong by so many seconds, until it is started again. */
  shiftClock(which: number, seconds: number): Promise<void>;
  /** Files and sockets that each worker has open, as `/proc` tells. */
  openFiles(): string[][];
  /** Exit codes of those that were told to stop. */
  exitCodes: (number | null)[];
  /** Stops them all. */
  close(): Promise<void>;
}

/**
 * @param environments of each worker
 * @param folder for what the workers' clocks say, and their temporary files
 */
export async function keepWorkers(environments: readonly NodeJS.ProcessEnv[], folder: string): Promise<Herd> {
  const exitCodes: Herd['exitCodes'] = [];
  let closing = false;
  let hasBegun = false;
  const places = environments.map((env, index) => keep(env, join(folder, `worker-${index}`)));

  function keep(env: NodeJS.ProcessEnv, own: string) {
    const clock = join(own, 'clock');
    const temporary = join(own, 'tmp');
    mkdirSync(temporary, { recursive: true });
    const environment = {
      ...env,
      TMPDIR: temporary,
      FAULTS_CLOCK: clock,
      NODE_OPTIONS: `--import=${CLOCK}`,
    };
    const place: { worker?: WorkerProcess; busy: Promise<unknown>; ended: Promise<void>; clock: string } = {
      busy: Promise.resolve(),
      ended: Promise.resolve(),
      clock,
    };
    place.ended = (async () => {
      while (!closing) {
        try {
          place.worker = await startWorker(environment);
        } catch (error) {
          if (!hasBegun) throw error;
          // Its Temporal is away, or its disk is full.
          await sleep(AGAIN_MS);
          continue;
        }
        const { worker } = place;
        if (closing) exitCodes.push(await worker.stop());
        await worker.exited;
        place.worker = undefined;
      }
    })();
    return place;
  }

  const isUp = async (place: (typeof places)[number]) => {
    while (!place.worker && !closing) await sleep(20);
    return place.worker;
  };
  // A first start that fails will fail again: something is to be mended first.
  await Promise.all(places.map((place) => Promise.race([isUp(place), place.ended])));
  hasBegun = true;

  /** One fault at a time for each worker, and only when it is up. */
  const hit = (which: number, work: (worker: WorkerProcess, clock: string) => Promise<unknown>): Promise<void> => {
    const place = places[Math.floor(which * places.length)]!;
    const mine = place.busy.then(async () => {
      const worker = await isUp(place);
      if (worker) await work(worker, place.clock);
    });
    place.busy = mine.catch(() => {});
    return mine;
  };

  return {
    kill: (which) => hit(which, (worker) => worker.kill()),
    stop: (which) => hit(which, async (worker) => exitCodes.push(await worker.stop())),
    freeze: (which, seconds) =>
      hit(which, async ({ pid }) => {
        process.kill(pid, 'SIGSTOP');
        await sleep(seconds * 1000);
        process.kill(pid, 'SIGCONT');
      }),
    shiftClock: (which, seconds) =>
      hit(which, async ({ pid }, clock) => {
        writeFileSync(clock, String(seconds * 1000));
        process.kill(pid, 'SIGUSR2');
      }),
    openFiles: () => places.flatMap(({ worker }) => (worker ? [openFilesOf(worker.pid)] : [])),
    exitCodes,
    async close() {
      closing = true;
      await Promise.all(places.map(({ busy }) => busy));
      await Promise.all(places.map(async ({ worker }) => worker && exitCodes.push(await worker.stop())));
      await Promise.all(places.map(({ ended }) => ended));
    },
  };
}

function openFilesOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
}
