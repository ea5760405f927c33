import type { Endpoint } from '../endpoint.ts';
import { LEAVE_AT_ONCE, PATIENCE_MS, WORTH_MOVING } from './constants.ts';
import type { Health } from './health.ts';
import type { Load } from './load.ts';

/** An endpoint with what this worker knows of it. */
export interface Known {
  endpoint: Endpoint;
  health: Health;
  load: Load;
}

export interface Asked {
  /** Where the session's prompt is cached. */
  last?: string;
  /** Endpoints that failed this very call before. */
  avoid: ReadonlySet<string>;
  /** How long the call has waited for a place, in ms. */
  waited: number;
}

/**
 * The routing rule (docs/fleet.md). A session stays where it is while that endpoint is well, not saturated, and has a
 * place for it soon; else, and for a new session, the least loaded that is well. `wait` where all places are taken;
 * undefined where no endpoint can be asked now.
 */
export function choose(
  able: readonly Known[],
  { last, avoid, waited }: Asked,
  now: number,
  random: () => number,
): Known | 'wait' | undefined {
  const usable = able.filter(({ health, load }) => {
    const standing = health.standing(now);
    return standing === 'well' || (standing === 'trial' && load.inFlight === 0);
  });
  const preferred = usable.filter(({ endpoint }) => !avoid.has(endpoint.name));
  const candidates = preferred.length > 0 ? preferred : usable;
  if (candidates.length === 0) return undefined;

  const home = candidates.find(({ endpoint }) => endpoint.name === last);
  const free = candidates.filter(hasPlace);
  const best = leastLoaded(free, now, random);
  if (!home) return best ?? 'wait';
  if (best && best !== home && worthLeaving(home, best, now)) return best;
  if (hasPlace(home)) return home;
  return waited >= PATIENCE_MS && best ? best : 'wait';
}

const hasPlace = ({ endpoint, load }: Known): boolean => load.inFlight < (endpoint.maxConcurrent ?? Infinity);

/** Of equals one at random, so that workers that know the same do not all choose the same. */
function leastLoaded(from: readonly Known[], now: number, random: () => number): Known | undefined {
  const scores = from.map(({ load }) => load.score(now));
  const least = Math.min(...scores);
  const equals = from.filter((_, index) => (scores[index] as number) <= least * 1.000001);
  return equals[Math.floor(random() * equals.length)];
}

/** The endpoint that a call which waits at `home` is better made at; undefined where it should stay. */
export function betterThan(home: Known, able: readonly Known[], now: number, random: () => number): Known | undefined {
  const others = able.filter((each) => each !== home && each.health.standing(now) === 'well' && hasPlace(each));
  const best = leastLoaded(others, now, random);
  return best && worthLeaving(home, best, now) ? best : undefined;
}

/**
 * Where prompts are computed again anyway a move costs nothing more. A call that only waits is better off where nobody
 * waits and the cache has room; else the other must be much less loaded.
 */
function worthLeaving(home: Known, other: Known, now: number): boolean {
  const why = home.load.saturation(now);
  if (!why || other.load.saturation(now)) return false;
  if (home.load.moves >= Math.max(1, home.load.sessions(now) * LEAVE_AT_ONCE[why])) return false;
  if (other.load.idle(now)) return true;
  return other.load.score(now) < home.load.score(now) * (why === 'thrashing' ? 1 : WORTH_MOVING);
}
