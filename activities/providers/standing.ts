import type { ProviderError } from './failure.ts';
import type { Provider } from './provider.ts';

/** How long a refused key is not tried again: long enough to spare the provider, short enough to heal without a restart. */
const REFUSED_MS = 10 * 60_000;

/** After a 429 that names no time, others are asked first for this long. */
const UNTOLD_REST_MS = 30_000;

/** What is known in this process of the providers: who must be left alone, and whose key was refused. */
export interface Standing {
  /** Milliseconds until the provider may be asked again, as it said itself; 0 if now. */
  restMs(provider: Provider): number;
  /** The refusal of its key that is still remembered. */
  refusal(provider: Provider): ProviderError | undefined;
  /** Every refusal still remembered, one a provider. */
  refusals(): ProviderError[];
  /** The providers in order, with those that were short of breath a moment ago at the end. */
  order(providers: Provider[]): Provider[];
  learn(error: ProviderError): void;
  /** Resolves when the provider's own interval between two requests has passed; the place is then taken. */
  turn(provider: Provider, wait: (ms: number) => Promise<void>): Promise<void>;
}

export function createStanding(now: () => number): Standing {
  // By name, not by kind: a provider's limits and its key are the same for pages, papers and pictures.
  const restUntil = new Map<string, number>();
  const tiredUntil = new Map<string, number>();
  const refused = new Map<string, { error: ProviderError; until: number }>();
  const nextTurn = new Map<string, number>();

  const refusal = (name: string) => {
    const found = refused.get(name);
    return found && found.until > now() ? found.error : undefined;
  };
  const isTired = ({ name }: Provider) => (tiredUntil.get(name) ?? 0) > now();

  return {
    restMs: ({ name }) => Math.max(0, (restUntil.get(name) ?? 0) - now()),
    refusal: ({ name }) => refusal(name),
    refusals: () => [...refused.keys()].flatMap((name) => refusal(name) ?? []),
    order: (providers) => [...providers.filter((p) => !isTired(p)), ...providers.filter(isTired)],
    learn(error) {
      const { kind, provider, retryAfterMs } = error;
      if (kind === 'key-refused') refused.set(provider, { error, until: now() + REFUSED_MS });
      else if (retryAfterMs !== undefined) restUntil.set(provider, now() + retryAfterMs);
      else if (kind === 'rate-limited') tiredUntil.set(provider, now() + UNTOLD_REST_MS);
    },
    async turn({ name, minIntervalMs }, wait) {
      if (!minIntervalMs) return;
      const start = Math.max(now(), nextTurn.get(name) ?? 0);
      nextTurn.set(name, start + minIntervalMs);
      if (start > now()) await wait(start - now());
    },
  };
}
