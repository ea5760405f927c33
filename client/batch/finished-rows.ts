import { createReadStream } from 'node:fs';
import { linesOf } from '../../protocol/lines.ts';
import { rowKey } from '../../protocol/original/input-row.ts';
import { outputSessions } from '../../protocol/original/sessions.ts';
import { mustBeFile } from './read-questions.ts';

type Ranges = [number, number][];

/** What output files of earlier runs have finished of these rows, by rollout, as pairs of first and last row. */
export async function finishedRows(
  files: readonly string[],
  rows: readonly Record<string, unknown>[],
  rollouts: number,
): Promise<Record<string, Ranges>> {
  const finished = new Map<string, number>();
  for (const file of files) {
    await mustBeFile(file);
    const here = new Map<string, number>();
    for await (const session of outputSessions(linesOf(createReadStream(file)))) {
      const name = `${session.rollout} ${session.key}`;
      if (session.finished) here.set(name, (here.get(name) ?? 0) + 1);
    }
    // Files may overlap: each is a state of the same rows.
    for (const [name, times] of here) finished.set(name, Math.max(times, finished.get(name) ?? 0));
  }
  const skip: Record<string, Ranges> = {};
  for (let rollout = 1; rollout <= rollouts; rollout += 1) {
    const ranges: Ranges = [];
    for (const [index, row] of rows.entries()) {
      const name = `${rollout} ${rowKey(row)}`;
      const left = finished.get(name) ?? 0;
      if (left === 0) continue;
      finished.set(name, left - 1);
      const last = ranges.at(-1);
      if (last && last[1] === index) last[1] = index + 1;
      else ranges.push([index + 1, index + 1]);
    }
    if (ranges.length > 0) skip[rollout] = ranges;
  }
  return skip;
}
