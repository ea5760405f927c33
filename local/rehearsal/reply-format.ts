import type { Chunk } from './engine.ts';

export interface UsageBody {
  prompt_tokens: number;
  total_tokens: number;
  completion_tokens: number;
  prompt_tokens_details?: { cached_tokens: number };
}

/** How a route writes what was generated. */
export interface ReplyFormat {
  /** The events that open a stream. */
  opening(): object[];
  /** The event of a chunk; `first` is true for the first chunk with tokens. */
  event(chunk: Chunk, first: boolean): object;
  /** The event with the usage, after the last chunk. */
  usageEvent(usage: UsageBody): object;
  /** The whole answer of a request that does not stream. */
  whole(chunk: Chunk, usage: UsageBody): object;
}
