import type { Known } from './choose.ts';
import { IN_USE_MS, POLL_MS } from './constants.ts';
import type { Looks } from './looks.ts';

export interface PollerOptions {
  now: () => number;
  random: () => number;
  looks: Looks;
  pollMs?: number | undefined;
  /** Something was learned of an endpoint that waiting calls may want to know. */
  onChange: (known: Known) => void;
}

/** Looks at the endpoints that are in use, one look at a time each, and probes those that rest. */
export interface Poller {
  /** Marks endpoints as in use; resolves when each was looked at once. */
  use(known: readonly Known[]): Promise<void>;
  /** Probes at once those whose rest is over; false where there are none. */
  probe(known: readonly Known[]): Promise<boolean>;
  close(): void;
}

interface Watched {
  usedAt: number;
  timer?: NodeJS.Timeout;
  first?: Promise<void>;
  probing?: Promise<void>;
  noMetrics: boolean;
}

export function makePoller(all: readonly Known[], options: PollerOptions): Poller {
  const { now, random, looks, pollMs = POLL_MS, onChange } = options;
  const watched = new Map(all.map((known): [Known, Watched] => [known, { usedAt: 0, noMetrics: !hasMetrics(known) }]));
  let closed = false;

  const probe = (known: Known, watch: Watched): Promise<void> => {
    watch.probing ??= looks
      .alive(known.endpoint)
      .then((alive) => known.health.probed(alive, now()))
      .finally(() => {
        watch.probing = undefined;
      });
    return watch.probing;
  };

  const look = async (known: Known, watch: Watched): Promise<void> => {
    if (known.health.probeDue(now())) await probe(known, watch);
    else if (!watch.noMetrics) {
      const gauges = await looks.metrics(known.endpoint);
      if (gauges === 'none') watch.noMetrics = true;
      else if (gauges) known.load.seen(gauges, now());
    }
    onChange(known);
  };

  const schedule = (known: Known, watch: Watched): void => {
    const inUse = known.load.inFlight > 0 || now() - watch.usedAt < IN_USE_MS;
    if (closed || !inUse) {
      watch.timer = undefined;
      return;
    }
    // Workers that were started together should not look together.
    const wait = pollMs * (0.8 + 0.4 * random());
    const untilProbe = known.health.until - now();
    watch.timer = setTimeout(
      () => void look(known, watch).finally(() => schedule(known, watch)),
      untilProbe > 0 ? Math.min(wait, untilProbe) : wait,
    );
    watch.timer.unref();
  };

  return {
    async use(known) {
      const first: (Promise<void> | undefined)[] = [];
      for (const each of known) {
        const watch = watched.get(each);
        if (!watch) continue;
        watch.usedAt = now();
        if (watch.timer === undefined && !closed) {
          watch.timer = setTimeout(() => {}, 0);
          watch.first = look(each, watch).finally(() => schedule(each, watch));
        }
        first.push(watch.first);
      }
      await Promise.all(first);
    },
    async probe(known) {
      const due = known.filter(({ health }) => health.probeDue(now()));
      await Promise.all(due.map((each) => probe(each, watched.get(each) as Watched)));
      return due.length > 0;
    },
    close() {
      closed = true;
      for (const { timer } of watched.values()) clearTimeout(timer);
    },
  };
}

/** vLLM's servers have metrics; the clouds' APIs have none. */
const hasMetrics = ({ endpoint }: Known): boolean => endpoint.format === 'deep_research';
