/** The paths most like a wanted one, best first, by the pairs of letters that they share; a like file name counts more. */
export function closestPaths(wanted: string, paths: Iterable<string>, limit: number): string[] {
  const target = profile(wanted);
  const scored: { path: string; score: number }[] = [];
  for (const path of paths) {
    const candidate = profile(path);
    const score = likeness(target.name, candidate.name) * 2 + likeness(target.path, candidate.path);
    if (score > 0.6) scored.push({ path, score });
  }
  return scored
    .sort((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1))
    .slice(0, limit)
    .map(({ path }) => path);
}

function profile(path: string): { name: Set<string>; path: Set<string> } {
  const lower = path.slice(-300).toLowerCase();
  const name = lower.slice(lower.lastIndexOf('/') + 1).replace(/\.[a-z0-9]+$/, '');
  return { name: pairs(name), path: pairs(lower) };
}

function pairs(text: string): Set<string> {
  const padded = ` ${text} `;
  const all = new Set<string>();
  for (let i = 0; i < padded.length - 1; i++) all.add(padded.slice(i, i + 2));
  return all;
}

/** Dice coefficient, 0 to 1. */
function likeness(a: Set<string>, b: Set<string>): number {
  let shared = 0;
  for (const pair of a) if (b.has(pair)) shared++;
  return (2 * shared) / (a.size + b.size);
}
