import diagnostics from 'node:diagnostics_channel';
import type { Contestant } from './contestants.ts';
import type { StreamOrder } from './order.ts';

/** What one lap of a contestant came to. */
export interface Lap {
  /** Processor time of this process for 1,000 streamed tokens, in ms. */
  cpuMs: number;
  /** What the streams took beyond their pace, in ms. */
  lateMs: number;
}

/**
 * So many streams at once. Measured is the time in which tokens come, from the last stream's headers to the last one's
 * end: what starts and ends a workflow around a call is not the call's.
 */
export async function lap(contestant: Contestant, order: StreamOrder): Promise<Lap> {
  const { together, tokens, tokenMs } = order;
  let cpu = process.cpuUsage();
  let startedAt = 0;
  const result: Lap = { cpuMs: Number.NaN, lateMs: Number.NaN };
  const stop = atNth('undici:request:headers', together, () => {
    cpu = process.cpuUsage();
    startedAt = performance.now();
  });
  const stopEnd = atNth('undici:request:trailers', together, () => {
    const { user, system } = process.cpuUsage(cpu);
    result.cpuMs = (user + system) / (tokens * together);
    result.lateMs = performance.now() - startedAt - (tokens - 1) * tokenMs;
  });
  await Promise.all(Array.from({ length: together }, () => contestant(order)));
  stop();
  stopEnd();
  return result;
}

/** Laps in turns, so that what slows the machine for a while slows all; the first of each is not counted. */
export async function race<Name extends string>(
  contestants: Record<Name, Contestant>,
  order: StreamOrder,
  repeat: number,
): Promise<Record<Name, Lap[]>> {
  const names = Object.keys(contestants) as Name[];
  const laps = Object.fromEntries(names.map((name) => [name, [] as Lap[]])) as Record<Name, Lap[]>;
  for (let round = 0; round <= repeat; round += 1) {
    for (const name of names) {
      const done = await lap(contestants[name], order);
      if (round > 0) laps[name].push(done);
    }
  }
  return laps;
}

/** Times of replies of one token, in turns: from the call to the end, which is a little more than to its first token. */
export async function firstTokens<Name extends string>(
  contestants: Record<Name, Contestant>,
  repeat: number,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contestants) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -WARM_UP; round < repeat; round += 1) {
    for (const name of names) {
      const ms = await contestants[name]({ tokens: 1, tokenMs: 1, together: 1 });
      if (round >= 0) times[name].push(ms);
    }
  }
  return times;
}

/** Calls before any is timed: connections are made and code is compiled. */
const WARM_UP = 20;

/** Calls back at the nth event of undici for a model call. */
function atNth(channel: string, n: number, then: () => void): () => void {
  let seen = 0;
  const listen = (message: unknown) => {
    const { request } = message as { request: { method: string } };
    if (request.method !== 'POST') return;
    seen += 1;
    if (seen === n) then();
  };
  diagnostics.subscribe(channel, listen);
  return () => diagnostics.unsubscribe(channel, listen);
}
