import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Gauges } from './metrics.ts';
import type { PlannedOutput } from './output.ts';
import { BLOCK_TOKENS, createPrefixCache } from './prefix-cache.ts';

/** Tokens that become visible together. */
export interface Chunk {
  ids: number[];
  text: string;
  /** On the last chunk. */
  finish?: 'stop' | 'length';
  stopReason?: string | null;
}

export interface Pace {
  /** Milliseconds a token; 0 is as fast as it goes. */
  tokenMs: number;
  /** A chunk ends after exactly so many tokens, so that a fault can be played there. */
  boundary?: number;
  signal: AbortSignal;
}

/** A request that is being answered. */
export interface Turn {
  cachedTokens: number;
  tokens(output: PlannedOutput, pace: Pace): AsyncGenerator<Chunk>;
  /** Frees the place; what was generated stays in the prefix cache. */
  release(): void;
}

export interface Engine {
  /** Waits for a place among the running requests. Rejects when the signal aborts. */
  admit(promptIds: readonly number[], signal: AbortSignal): Promise<Turn>;
  gauges(): Gauges;
}

/** Tokens of a chunk when nothing slows the generation: vLLM, too, joins tokens when they come faster than they leave. */
const BURST = 16;

/**
 * Runs requests side by side.
 *
 * @param maxRunning requests answered at once; more wait
 * @param cacheBlocks blocks of the prefix cache
 */
export function createEngine({ maxRunning, cacheBlocks }: { maxRunning: number; cacheBlocks: number }): Engine {
  const cache = createPrefixCache(cacheBlocks);
  const running = new Set<{ tokens: number }>();
  const waiting: (() => void)[] = [];
  let cacheQueries = 0;
  let cacheHits = 0;

  async function waitForPlace(signal: AbortSignal): Promise<void> {
    if (running.size < maxRunning) return;
    const place = Promise.withResolvers<void>();
    const leave = () => place.reject(signal.reason);
    waiting.push(place.resolve);
    signal.addEventListener('abort', leave);
    try {
      await place.promise;
    } catch (error) {
      const index = waiting.indexOf(place.resolve);
      if (index >= 0) waiting.splice(index, 1);
      throw error;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  return {
    async admit(promptIds, signal) {
      signal.throwIfAborted();
      // Others may have taken the place between the wake-up and now.
      while (running.size >= maxRunning) await waitForPlace(signal);
      const slot = { tokens: promptIds.length };
      running.add(slot);
      const cachedTokens = cache.take(promptIds);
      cacheQueries += promptIds.length;
      cacheHits += cachedTokens;
      const generated: number[] = [];

      async function* tokens(output: PlannedOutput, pace: Pace): AsyncGenerator<Chunk> {
        for await (const chunk of paced(output, pace)) {
          generated.push(...chunk.ids);
          slot.tokens += chunk.ids.length;
          yield chunk;
        }
      }

      return {
        cachedTokens,
        tokens,
        release() {
          if (!running.delete(slot)) return;
          if (generated.length > 0) cache.take([...promptIds, ...generated]);
          waiting.shift()?.();
        },
      };
    },
    gauges() {
      const blocks = [...running].reduce((sum, { tokens }) => sum + Math.ceil(tokens / BLOCK_TOKENS), 0);
      return {
        running: running.size,
        waiting: waiting.length,
        cacheUsage: Math.min(1, blocks / cacheBlocks),
        cacheQueries,
        cacheHits,
      };
    },
  };
}

async function* paced({ tokens, finish, stopReason }: PlannedOutput, pace: Pace): AsyncGenerator<Chunk> {
  const { tokenMs, boundary, signal } = pace;
  const startedAt = performance.now();
  let sent = 0;
  while (sent < tokens.length) {
    signal.throwIfAborted();
    let due = sent + BURST;
    if (tokenMs > 0) {
      const elapsed = performance.now() - startedAt;
      due = Math.floor(elapsed / tokenMs);
      if (due <= sent) {
        await sleep(Math.max(1, (sent + 1) * tokenMs - elapsed), undefined, { signal });
        continue;
      }
    } else {
      await nextTurn();
    }
    const limit = boundary !== undefined && sent < boundary ? boundary : tokens.length;
    const part = tokens.slice(sent, Math.min(due, limit));
    sent += part.length;
    yield {
      ids: part.map(({ id }) => id),
      text: part.map(({ text }) => text).join(''),
      ...(sent === tokens.length ? { finish, stopReason } : {}),
    };
  }
}
