/** The value below which a share of the values lies, between neighbours by straight lines. NaN where there are none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Median of the ratios of what was measured side by side, so that what slows the machine for a while cancels out. */
export function pairedRatio(ours: readonly number[], beside: readonly number[]): number {
  if (ours.length !== beside.length) {
    throw new RangeError(`pairedRatio: expected as many values on both sides, got ${ours.length} and ${beside.length}`);
  }
  return median(ours.map((value, index) => value / (beside[index] as number)));
}
