/**
 * Token ids as base64 of varints: about 3 characters a token, where JSON takes 6 or 7. A thought of 20,000 tokens is
 * some 60 KB, which a heartbeat carries easily beside its text.
 */
export function packTokens(ids: readonly number[]): string {
  const bytes = Buffer.alloc(ids.length * MOST_BYTES);
  let length = 0;
  for (let id of ids) {
    // Division, not shifts: ids of some tokenizers exceed 32 bits.
    for (; id >= 128; id = Math.floor(id / 128)) bytes[length++] = (id % 128) + 128;
    bytes[length++] = id;
  }
  return bytes.toString('base64', 0, length);
}

/** The ids that `packTokens` packed; a text that it did not write gives none. */
export function unpackTokens(text: string): number[] {
  const ids: number[] = [];
  let id = 0;
  let unit = 1;
  for (const byte of Buffer.from(text, 'base64')) {
    id += (byte % 128) * unit;
    unit *= 128;
    if (byte >= 128) continue;
    ids.push(id);
    id = 0;
    unit = 1;
  }
  return unit === 1 ? ids : [];
}

/** Enough for every safe integer. */
const MOST_BYTES = 8;
