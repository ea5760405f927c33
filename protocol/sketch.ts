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

export const mean = ({ count: all, sum }: Sketch): number => (all === 0 ? 0 : sum / all);
