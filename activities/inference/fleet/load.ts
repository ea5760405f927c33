import type { Endpoint } from '../endpoint.ts';
import { ACTIVE_MS, KV_FULL, LOOKS_BEFORE_LEAVING, LOOKS_BEFORE_OVER, SATURATED, STALE_MS } from './constants.ts';
import type { Gauges } from './metrics.ts';

/** How loaded an endpoint is: what this worker has there, and what its metrics say of all the others. */
export interface Load {
  /** Calls of this worker that run there. */
  inFlight: number;
  begin(session: string | undefined, now: number): void;
  end(now: number): void;
  /** The session went elsewhere. */
  left(session: string): void;
  /** Takes a look at the metrics. */
  seen(gauges: Gauges, now: number): void;
  /** Sessions of this worker that are at work there. */
  sessions(now: number): number;
  /** Comparable over endpoints; weights are in it. */
  score(now: number): number;
  /** Seen to have room in its cache, and nobody who waits. */
  idle(now: number): boolean;
  /** Calls that wait in its queue, as last seen. */
  waiting(now: number): number;
  /** Saturated for long enough to think of leaving, and how. */
  saturation(now: number): 'thrashing' | 'queueing' | undefined;
  /** Moves away since the last look. */
  moves: number;
}

export function makeLoad({ weight }: Pick<Endpoint, 'weight'>): Load {
  const lastCall = new Map<string, number>();
  let look: { gauges: Gauges; at: number; own: number } | undefined;
  let thrashing = 0;
  let queueing = 0;
  let calm = 0;

  const current = (now: number) => (look && now - look.at < STALE_MS ? look : undefined);

  /** Hysteresis: once saturated, it stays so until nobody has waited for some looks. */
  const watch = (gauges: Gauges, before: Gauges | undefined) => {
    const asked = gauges.queries - (before?.queries ?? gauges.queries);
    const hitRate = asked > 0 ? (gauges.hits - (before?.hits ?? gauges.hits)) / asked : undefined;
    if (gauges.waiting === 0) {
      calm += 1;
      if (calm < LOOKS_BEFORE_OVER) return;
      thrashing = 0;
      queueing = 0;
    } else if (gauges.waiting >= gauges.running * SATURATED.waitingShare) {
      calm = 0;
      queueing += 1;
      if (gauges.kv < SATURATED.kv) thrashing = 0;
      else if (hitRate !== undefined) thrashing = hitRate < SATURATED.hitRate ? thrashing + 1 : 0;
    }
  };

  const load: Load = {
    inFlight: 0,
    moves: 0,
    begin(session, now) {
      load.inFlight += 1;
      if (session !== undefined) lastCall.set(session, now);
    },
    end() {
      load.inFlight -= 1;
    },
    left(session) {
      if (lastCall.delete(session)) load.moves += 1;
    },
    seen(gauges, now) {
      watch(gauges, look?.gauges);
      look = { gauges, at: now, own: load.inFlight };
      load.moves = 0;
      for (const [session, at] of lastCall) if (now - at > ACTIVE_MS) lastCall.delete(session);
    },
    sessions(now) {
      let count = 0;
      for (const at of lastCall.values()) if (now - at <= ACTIVE_MS) count += 1;
      return Math.max(count, load.inFlight);
    },
    score(now) {
      const { gauges, own } = current(now) ?? { gauges: undefined, own: 0 };
      // Metrics lag behind: what is our own in them is replaced by what we know of it now.
      const others = gauges ? Math.max(0, gauges.running + gauges.waiting - own) : 0;
      const full = Math.max(0, (gauges?.kv ?? 0) - KV_FULL.from) / (1 - KV_FULL.from);
      const queue = gauges?.waiting ?? 0;
      return ((load.sessions(now) + others + queue + 1) / weight) * (1 + (KV_FULL.factor - 1) * full);
    },
    idle(now) {
      const { gauges } = current(now) ?? {};
      return gauges !== undefined && gauges.waiting === 0 && gauges.kv < KV_FULL.from;
    },
    waiting: (now) => current(now)?.gauges.waiting ?? 0,
    saturation(now) {
      // Nobody is to leave a queue that has gone, even if it may come again.
      if (!current(now)?.gauges.waiting) return undefined;
      if (thrashing >= LOOKS_BEFORE_LEAVING.thrashing) return 'thrashing';
      return queueing >= LOOKS_BEFORE_LEAVING.queueing ? 'queueing' : undefined;
    },
  };
  return load;
}
