/**
 * Counts of values in buckets that grow by a twentieth: percentiles within 2.5 %, in a size that does not depend on how
 * many values there were.
 */
export interface Sketch {
  count: number;
  sum: number;
  max: number;
  /** By the bucket's number; values of 0 and less in bucket `-1`. */
  buckets: Record<string, number>;
}

const GROWTH = 1.05;
/** The first bucket holds what is smaller than this as well. */
const LEAST = 0.001;

export const sketch = (): Sketch => ({ count: 0, sum: 0, max: 0, buckets: {} });

/** Counts a value in. */
export function count(into: Sketch, value: number): void {
  const bucket = value <= 0 ? -1 : Math.max(0, Math.ceil(Math.log(value / LEAST) / Math.log(GROWTH)));
  into.count += 1;
  into.sum += value;
  into.max = Math.max(into.max, value);
  into.buckets[bucket] = (into.buckets[bucket] ?? 0) + 1;
}

/** The value below which the share `p` (0 to 1) of the values lies; 0 without values. */
export function percentile({ count: all, max, buckets }: Sketch, p: number): number {
  const wanted = Math.max(1, Math.ceil(p * all));
  let seen = 0;
  for (const bucket of Object.keys(buckets)
    .map(Number)
    .sort((a, b) => a - b)) {
    seen += buckets[bucket] ?? 0;
    if (seen < wanted) continue;
    if (bucket < 0) return 0;
    // The middle of the bucket; the greatest value is known.
    return Math.min(max, LEAST * GROWTH ** (bucket - 0.5));
  }
  return 0;
}

/** The values as at most `bars` bars of equal ratio, from the least to the greatest: where each ends, and how many are in it. */
export function bars({ buckets, max }: Sketch, most: number): { upTo: number; count: number }[] {
  const numbers = Object.keys(buckets)
    .map(Number)
    .sort((a, b) => a - b);
  const positive = numbers.filter((bucket) => bucket >= 0);
  const first = positive[0] ?? 0;
  const width = Math.max(1, Math.ceil(((positive.at(-1) ?? 0) - first + 1) / most));
  const made: { upTo: number; count: number }[] = [];
  const none = buckets[-1] ?? 0;
  if (none > 0) made.push({ upTo: 0, count: none });
  for (let from = first; from <= (positive.at(-1) ?? -1); from += width) {
    const inside = positive.filter((bucket) => bucket >= from && bucket < from + width);
    const counted = inside.reduce((sum, bucket) => sum + (buckets[bucket] ?? 0), 0);
    made.push({ upTo: Math.min(max, LEAST * GROWTH ** (from + width - 1)), count: counted });
  }
  return made;
}

export const mean = ({ count: all, sum }: Sketch): number => (all === 0 ? 0 : sum / all);
