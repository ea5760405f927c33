import { COOL_MS, FAILURES_IN_A_ROW, REST_MS } from './constants.ts';
import type { Fault } from './fault.ts';

/** `resting`: left alone until `until`; `trial`: one call at a time, to see whether it is well again. */
export type Standing = 'well' | 'resting' | 'trial';

/** What a worker knows of an endpoint's health: a circuit that a fault opens, and a probe and one good call close. */
export interface Health {
  standing(now: number): Standing;
  /** When a resting endpoint may be asked again. */
  until: number;
  lastFault?: string;
  fault(fault: Fault, now: number): void;
  /** A call went through, or failed by its own doing. */
  answered(): void;
  /** Whether the endpoint is to be probed before it gets its trial. */
  probeDue(now: number): boolean;
  probed(alive: boolean, now: number): void;
}

export function makeHealth(): Health {
  let failures = 0;
  let rests = 0;
  let open = false;
  let needsProbe = false;
  let coolUntil = 0;

  const rest = (now: number, told: number) => {
    open = true;
    needsProbe = true;
    health.until = now + Math.max(told, Math.min(REST_MS.most, REST_MS.first * 2 ** rests));
    rests += 1;
  };

  const health: Health = {
    until: 0,
    standing(now) {
      if (now < coolUntil) return 'resting';
      if (!open) return 'well';
      return needsProbe || now < health.until ? 'resting' : 'trial';
    },
    fault({ kind, message, waitMs = 0 }, now) {
      health.lastFault = message;
      if (kind === 'busy') {
        coolUntil = Math.max(coolUntil, now + (waitMs || COOL_MS));
        health.until = Math.max(health.until, coolUntil);
        return;
      }
      failures += 1;
      // Calls that were under way when it opened fail together: they are one fault, not many.
      if (open && now < health.until) return;
      if (kind === 'away' || open || failures >= FAILURES_IN_A_ROW) rest(now, waitMs);
    },
    answered() {
      failures = 0;
      rests = 0;
      open = false;
      needsProbe = false;
    },
    probeDue: (now) => open && needsProbe && now >= health.until,
    probed(alive, now) {
      if (alive) needsProbe = false;
      else rest(now, 0);
    },
  };
  return health;
}
