/** A mean with the bounds between which it lies with 95 % confidence. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

const Z = 1.959964;

/**
 * Chance that of `k` answers drawn without replacement from `n`, of which `c` are right, one at least is right:
 * 1 - C(n-c, k) / C(n, k).
 */
export function passAtK(n: number, c: number, k: number): number {
  if (k > n) throw new RangeError(`passAtK: expected k up to ${n}, got ${k}`);
  let none = 1;
  for (let i = 0; i < k; i += 1) none *= Math.max(0, n - c - i) / (n - i);
  return 1 - none;
}

/** Mean over questions of a value between 0 and 1. Where all are 0 or 1 the interval is Wilson's, else the normal one. */
export function estimate(values: readonly number[]): Estimate {
  const n = values.length;
  if (n === 0) return { value: 0, low: 0, high: 1 };
  const value = values.reduce((sum, each) => sum + each, 0) / n;
  if (values.every((each) => each === 0 || each === 1)) return { value, ...wilson(value, n) };
  const variance = values.reduce((sum, each) => sum + (each - value) ** 2, 0) / Math.max(1, n - 1);
  const half = Z * Math.sqrt(variance / n);
  return { value, low: Math.max(0, value - half), high: Math.min(1, value + half) };
}

function wilson(p: number, n: number): { low: number; high: number } {
  const z2 = Z * Z;
  const middle = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Z / (1 + z2 / n)) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
