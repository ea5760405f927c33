import { cpuTimeOf } from '../cpu-time.ts';

/** Milliseconds of processor time a session, in the worker and in the server: what a busy machine blurs less than the rate. */
export interface SessionCost extends Cpu {
  perSecond: number;
}

interface Cpu {
  worker: number;
  server: number;
}

/** Sessions that ended between two looks at the clock, with the processor time they took in all. */
export interface Lap extends Cpu {
  sessions: number;
  seconds: number;
}

/** Of a session. */
export const meanOf = (laps: Lap[]): SessionCost => {
  const sum = (pick: (lap: Lap) => number) => laps.reduce((total, lap) => total + pick(lap), 0);
  const sessions = sum((lap) => lap.sessions);
  return {
    perSecond: sessions / sum(({ seconds }) => seconds),
    worker: sum(({ worker }) => worker) / sessions,
    server: sum(({ server }) => server) / sessions,
  };
};

/** Of a batch over the same sessions without one, as shares. */
export interface Overhead {
  rate: number;
  cpu: number;
}

export const overheadOf = (batch: SessionCost, plain: SessionCost): Overhead => ({
  rate: plain.perSecond / batch.perSecond - 1,
  cpu: (batch.worker + batch.server) / (plain.worker + plain.server) - 1,
});

export const cpuText = ({ worker, server }: SessionCost): string => `${worker.toFixed(1)} + ${server.toFixed(1)}`;

export function lapLine(number: number, batch: Lap, plain: Lap): string {
  const line = (lap: Lap) => {
    const cost = meanOf([lap]);
    return `${cost.perSecond.toFixed(2)}/s, CPU ms ${cpuText(cost)}`;
  };
  return `lap ${number}: ${batch.sessions} in the batch ${line(batch)} · ${plain.sessions} without ${line(plain)}`;
}

/** Time and processor time from its start on. */
export interface Meter {
  start(): void;
  taken(sessions: number): Lap;
}

export function newMeter(serverPid: number): Meter {
  const read = () => {
    const { user, system } = process.cpuUsage();
    return { seconds: performance.now() / 1000, worker: (user + system) / 1000, server: cpuTimeOf(serverPid) };
  };
  let before = read();
  return {
    start() {
      before = read();
    },
    taken(sessions) {
      const now = read();
      return {
        sessions,
        seconds: now.seconds - before.seconds,
        worker: now.worker - before.worker,
        server: now.server - before.server,
      };
    },
  };
}
