import type { Lookup, ToolCallOutput } from '../../protocol/tool-call.ts';
import { type Cache, noCache } from '../cache/cache.ts';
import type { Providers } from '../providers/configured.ts';
import { keptHits } from '../providers/kept-hits.ts';
import type { Provider, SearchKind } from '../providers/provider.ts';
import { createSearcher, type SearchAnswer } from '../providers/search-all.ts';
import { createStanding, type Standing } from '../providers/standing.ts';
import { steadyNow } from '../steady-now.ts';
import { joinBlocks } from './results/blocks.ts';
import { type ToolContext, ToolError, TryLater } from './tool.ts';

/** Results shown for a query, as many as the model was trained on. */
export const HITS = 10;

/** Asks a worker's providers of one kind. */
export type WebSearch = (
  queries: string[],
  context: Pick<ToolContext, 'recorded' | 'signal' | 'sharedSearches'>,
) => Promise<SearchAnswer[]>;

/**
 * The searches that a worker's providers can serve; absent where there is none. What is known of a provider is shared
 * by all of them.
 *
 * @param shared for sessions that share their searches
 */
export function webSearches(providers: Providers | undefined, cache: Cache, shared: Cache = noCache) {
  const standing = createStanding(steadyNow);
  const of = (kind: SearchKind): WebSearch | undefined =>
    providers && providers[kind].length > 0
      ? webSearch(providers[kind], cache, standing, providers.merge, shared)
      : undefined;
  return { web: of('web'), scholar: of('scholar'), images: of('images'), chosen: providers?.chosen ?? [] };
}

/** @param standing shared by the searches of all kinds, for a provider's limits are the same for all */
export function webSearch(
  providers: Provider[],
  cache: Cache,
  standing: Standing,
  merge = 1,
  shared: Cache = noCache,
): WebSearch {
  const searcher = createSearcher(providers, { limit: HITS, merge, cache: keptHits(cache), standing });
  return (queries, { recorded, signal, sharedSearches }) =>
    searcher.search(queries, signal, {
      recorded,
      ...(sharedSearches === undefined ? {} : { cache: keptHits(shared, sharedSearches) }),
    });
}

/** For people: who answered a query, and how old the answer is. */
export function lookupOf({ query, providers, attempts, failure }: SearchAnswer, now = Date.now()): Lookup {
  const storedAt = attempts.find(({ hits }) => hits > 0)?.storedAt;
  const missed = attempts.flatMap(({ message }) => message ?? []);
  return {
    query,
    from: providers,
    ...(storedAt === undefined ? {} : { cachedForSeconds: Math.max(0, Math.round((now - storedAt) / 1000)) }),
    ...(failure || missed.length > 0 ? { failed: missed.join(' ') || failure?.message } : {}),
  };
}

/** One query's part of a result: its text, and the answer behind it where providers were asked. */
export interface Block {
  text: string;
  answer?: SearchAnswer;
}

/** The sentence for a query that nobody answered. */
export const failureText = (query: string, { message }: NonNullable<SearchAnswer['failure']>): string =>
  `The search for '${query}' failed: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;

/** Waits that providers name are kept up to this, in ms; past it the model is better off with a sentence. */
const LONGEST_WAIT = 60_000;

/**
 * The call's result, with a sentence in the place of each query that nobody answered.
 * @throws ToolError where no query was answered; TryLater where providers may answer soon: what was answered is recorded
 * and not asked for again
 */
export function searchOutput(blocks: Block[]): ToolCallOutput {
  const lookups = blocks.flatMap(({ answer }) => (answer ? lookupOf(answer) : []));
  const failures = blocks.flatMap(({ answer }) => answer?.failure ?? []);
  const text = joinBlocks(blocks.map((block) => block.text));
  const output: ToolCallOutput = {
    text,
    ...(failures.length === blocks.length ? { failed: true } : {}),
    ...(lookups.length > 0 ? { lookups } : {}),
  };
  const passing = failures.filter(({ retryable, retryAfterMs = 0 }) => retryable && retryAfterMs <= LONGEST_WAIT);
  if (passing.length === 0) {
    if (output.failed) throw new ToolError(text);
    return output;
  }
  const waits = passing.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  throw new TryLater(passing[0]!.message, output, waits.length > 0 ? Math.max(...waits) : undefined);
}
