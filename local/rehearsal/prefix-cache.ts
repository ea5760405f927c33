import { hash } from 'node:crypto';

/** Tokens of a block; vLLM's default on GPUs. */
export const BLOCK_TOKENS = 16;

export interface PrefixCache {
  /**
   * Takes a sequence in and tells how many tokens at its start were there before, in whole blocks. At least one token
   * is always computed, so a prompt asked again never counts as cached to its end.
   */
  take(ids: readonly number[]): number;
  readonly blocks: number;
}

/**
 * A block-wise prefix cache like vLLM's: a block's hash includes its predecessor's, so equal hashes mean equal
 * prefixes; the least recently used blocks go first.
 *
 * @param capacity most blocks kept
 */
export function createPrefixCache(capacity: number): PrefixCache {
  // A Map keeps insertion order: its first key is the least recently used block.
  const blocks = new Map<string, true>();
  return {
    take(ids) {
      const hashes = blockHashes(ids);
      const firstMiss = hashes.findIndex((key) => !blocks.has(key));
      const found = firstMiss < 0 ? hashes.length : firstMiss;
      // Ends of prefixes are touched first, so that they are evicted before the blocks they build on.
      for (const key of hashes.reverse()) {
        blocks.delete(key);
        blocks.set(key, true);
      }
      for (const key of blocks.keys()) {
        if (blocks.size <= capacity) break;
        blocks.delete(key);
      }
      return Math.min(found, Math.floor(Math.max(ids.length - 1, 0) / BLOCK_TOKENS)) * BLOCK_TOKENS;
    },
    get blocks() {
      return blocks.size;
    },
  };
}

function blockHashes(ids: readonly number[]): string[] {
  const hashes: string[] = [];
  let previous = '';
  for (let end = BLOCK_TOKENS; end <= ids.length; end += BLOCK_TOKENS) {
    previous = hash('sha1', `${previous}:${ids.slice(end - BLOCK_TOKENS, end).join(',')}`, 'base64');
    hashes.push(previous);
  }
  return hashes;
}
