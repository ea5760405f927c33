import { setTimeout as sleep } from 'node:timers/promises';
import { type Recorded, unrecorded } from '../lookup/recorded.ts';
import { steadyNow } from '../steady-now.ts';
import { type FailureKind, ProviderError } from './failure.ts';
import { languageOf } from './language.ts';
import { mergeHits } from './merge.ts';
import type { Provider, SearchHit, SearchQuery } from './provider.ts';
import { createStanding, type Standing } from './standing.ts';

/** Answers of earlier searches. Keys are the same for the same question to the same provider. */
export interface SearchCache {
  get(key: string): Promise<{ hits: SearchHit[]; storedAt: number } | undefined>;
  set(key: string, hits: SearchHit[]): Promise<void>;
}

export interface SearchAllOptions {
  /** Hits a query. Default 10. */
  limit?: number;
  /** How many providers' answers are merged. Default 1: the first that has hits. */
  merge?: number;
  /** Queries under way at once. Default 4. */
  concurrency?: number;
  /** Instead of the language and region that the query's script tells. */
  language?: string;
  region?: string;
  cache?: SearchCache;
  /** For calls that may be retried: each answer that was paid for is given again instead of being asked for again. */
  recorded?: Recorded;
  /** What is known of the providers; searchers of several kinds share it. Default: one of the searcher's own. */
  standing?: Standing;
  /** For tests: the clock, in milliseconds, and waiting. */
  now?: () => number;
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** What one provider did for a query. */
export interface Attempt {
  provider: string;
  outcome: 'answered' | FailureKind;
  hits: number;
  elapsedMs: number;
  fromCache: boolean;
  /** When the cached answer was had, in epoch milliseconds. */
  storedAt?: number;
  /** One sentence on what went wrong, without keys. */
  message?: string;
}

/** The answer to one query, with what people want to know of its making. */
export interface SearchAnswer {
  query: string;
  hits: SearchHit[];
  language: string;
  region?: string;
  /** Names of the providers whose hits these are. */
  providers: string[];
  /** No provider had to be asked. */
  fromCache: boolean;
  elapsedMs: number;
  attempts: Attempt[];
  /** Nobody answered: why, in one sentence, and whether asking again later may help. */
  failure?: { message: string; retryable: boolean; retryAfterMs?: number };
}

export interface Searcher {
  /**
   * Answers every query, in their order; a query that nobody could answer carries its failure. Throws only the
   * signal's reason. `options` go over those the searcher was made with.
   */
  search(queries: string[], signal: AbortSignal, options?: SearchAllOptions): Promise<SearchAnswer[]>;
  /** Refusals of keys within the last ten minutes; each names its environment variable. */
  refusedKeys(): ProviderError[];
}

/** Told waits up to this are waited for; for longer ones the next provider is faster. */
const SHORT_WAIT_MS = 10_000;

/** Searches with the providers in their order, each the fallback of those before it. All must be of one kind. */
export function createSearcher(providers: Provider[], defaults: SearchAllOptions = {}): Searcher {
  const standing = defaults.standing ?? createStanding(defaults.now ?? steadyNow);
  return {
    async search(queries, signal, options) {
      const settings = { ...defaults, ...options };
      const answers: SearchAnswer[] = [];
      const waiting = queries.entries();
      const work = async () => {
        for (const [index, query] of waiting)
          answers[index] = await answerOnce(query, providers, standing, settings, signal);
      };
      await Promise.all(Array.from({ length: Math.max(1, settings.concurrency ?? 4) }, work));
      return answers;
    },
    refusedKeys: () => standing.refusals(),
  };
}

/** Ends the recording of an answer that is none. */
class Unanswered extends Error {
  readonly answer: SearchAnswer;

  constructor(answer: SearchAnswer) {
    super('Nobody answered.');
    this.answer = answer;
  }
}

/** A whole answer is recorded too: a retry that found other providers in order would pay those. */
async function answerOnce(
  text: string,
  providers: Provider[],
  standing: Standing,
  options: SearchAllOptions,
  signal: AbortSignal,
): Promise<SearchAnswer> {
  const what = `${providers[0]?.kind} ${text}`;
  try {
    return await (options.recorded ?? unrecorded)(what, async () => {
      const answer = await answerOne(text, providers, standing, options, signal);
      if (answer.failure) throw new Unanswered(answer);
      return answer;
    });
  } catch (error) {
    if (error instanceof Unanswered) return error.answer;
    throw error;
  }
}

async function answerOne(
  text: string,
  providers: Provider[],
  standing: Standing,
  options: SearchAllOptions,
  signal: AbortSignal,
): Promise<SearchAnswer> {
  const now = options.now ?? steadyNow;
  const startedAt = now();
  const told = languageOf(text);
  const language = options.language ?? told.language;
  // A region belongs to the language it was told with.
  const region = options.region ?? (language === told.language ? told.region : undefined);
  const query: SearchQuery = { text, language, region, limit: options.limit ?? 10 };
  const wanted = Math.max(1, options.merge ?? 1);

  const lists: SearchHit[][] = [];
  const attempts: Attempt[] = [];
  const errors: ProviderError[] = [];
  const queue = standing.order(providers);
  // Those that are wanted anyway are asked at once, the others only where one of them has nothing.
  while (queue.length > 0 && lists.length < wanted) {
    const round = queue.splice(0, wanted - lists.length);
    for (const result of await Promise.all(
      round.map((provider) => attempt(provider, query, standing, options, signal)),
    )) {
      attempts.push(result.attempt);
      if (result.error) errors.push(result.error);
      else if (result.hits.length > 0) lists.push(result.hits);
    }
  }

  const answered = attempts.filter(({ outcome }) => outcome === 'answered');
  const used = answered.filter(({ hits }) => hits > 0);
  return {
    query: text,
    hits: mergeHits(lists, query.limit),
    language,
    ...(region ? { region } : {}),
    providers: used.map(({ provider }) => provider),
    fromCache: answered.length > 0 && attempts.every(({ fromCache }) => fromCache),
    elapsedMs: now() - startedAt,
    attempts,
    ...(answered.length > 0 ? {} : { failure: failureOf(errors) }),
  };
}

interface AttemptResult {
  attempt: Attempt;
  hits: SearchHit[];
  error?: ProviderError;
}

/** Asks one provider, a second time if it names a short wait. */
async function attempt(
  provider: Provider,
  query: SearchQuery,
  standing: Standing,
  options: SearchAllOptions,
  signal: AbortSignal,
): Promise<AttemptResult> {
  const now = options.now ?? steadyNow;
  const wait = (ms: number) => (options.wait ?? waitFor)(ms, signal);
  const startedAt = now();
  const key = cacheKey(provider, query);
  const stored = await options.cache?.get(key);
  const done = (hits: SearchHit[], storedAt?: number): AttemptResult => ({
    attempt: {
      provider: provider.name,
      outcome: 'answered',
      hits: hits.length,
      elapsedMs: now() - startedAt,
      fromCache: storedAt !== undefined,
      ...(storedAt === undefined ? {} : { storedAt }),
    },
    hits,
  });
  const failed = (error: ProviderError): AttemptResult => ({
    attempt: {
      provider: provider.name,
      outcome: error.kind,
      hits: 0,
      elapsedMs: now() - startedAt,
      fromCache: false,
      message: error.message,
    },
    hits: [],
    error,
  });
  if (stored) return done(stored.hits, stored.storedAt);

  for (let again = false; ; again = true) {
    const known = standing.refusal(provider) ?? restError(provider, standing.restMs(provider));
    if (known) return failed(known);
    try {
      if (standing.restMs(provider) > 0) await wait(standing.restMs(provider));
      await standing.turn(provider, wait);
      const hits = await (options.recorded ?? unrecorded)(key, () => provider.search(query, signal));
      // Nothing found today may be found tomorrow, or by the same provider in a better hour.
      if (hits.length > 0) await options.cache?.set(key, hits);
      return done(hits);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      standing.learn(error);
      const worthWaiting = error.retryAfterMs !== undefined && error.retryAfterMs <= SHORT_WAIT_MS;
      if (again || !worthWaiting) return failed(error);
    }
  }
}

function restError({ name }: Provider, restMs: number): ProviderError | undefined {
  if (restMs <= SHORT_WAIT_MS) return undefined;
  const message = `${name} wants to be left alone for another ${Math.ceil(restMs / 1000)} s.`;
  return new ProviderError('rate-limited', name, message, { retryAfterMs: restMs });
}

function failureOf(errors: ProviderError[]): SearchAnswer['failure'] {
  if (errors.length === 0) return { message: 'No search provider is configured.', retryable: false };
  const later = errors.filter(({ kind }) => kind === 'rate-limited' || kind === 'unavailable');
  const waits = later.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  return {
    message: `No search provider could answer: ${errors.map(({ message }) => message.replace(/\.$/, '')).join('; ')}.`,
    retryable: later.length > 0,
    ...(waits.length > 0 ? { retryAfterMs: Math.min(...waits) } : {}),
  };
}

const cacheKey = ({ name, kind }: Provider, { text, language, region, limit }: SearchQuery) =>
  JSON.stringify([name, kind, text.normalize('NFC').trim().replace(/\s+/g, ' '), language, region ?? '', limit]);

async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}
