import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OriginalResult, OriginalRow } from '../../protocol/original/row.ts';
import type { BatchFolder } from './batch-folder.ts';

/** The original's log folder of a session: `logs/YYYY_MM_DD_<label>/<query id>/` with `run.log` and `result.json`. */
export async function writeLogs(folder: BatchFolder, label: string, rows: readonly OriginalRow[]): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const results = rows.map(({ result }) => result);
  const run = (first.result as Partial<OriginalResult>).query_id ?? first.query_id;
  const day = first.time_stamp.slice(0, 10).replaceAll('-', '_');
  // Questions may be the same in several rows and begin in the same second.
  const name = first.rollout_idx > 1 ? `${run}-${first.rollout_idx}` : run;
  const path = join(folder.logs, `${day}_${label}`, name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'result.json'), `${JSON.stringify(results, null, 2)}\n`);
  await writeFile(join(path, 'run.log'), `${rows.flatMap(logLines).join('\n')}\n`);
}

function logLines({
  time_stamp: time,
  status,
  elapsed_sec: elapsed,
  segment_idx: index,
  result,
}: OriginalRow): string[] {
  const messages = (result as Partial<OriginalResult>).messages ?? [];
  const line = (text: string) => `${time} INFO ${text}`;
  return [
    line(`segment ${index}`),
    ...messages.map(({ role, content, ...rest }) => {
      const text = typeof content === 'string' ? content : content.map((part) => part.text).join('\n');
      const took = 'elapsed_time' in rest && typeof rest.elapsed_time === 'number' ? ` (${rest.elapsed_time} s)` : '';
      return line(`${role}${took}: ${text}`);
    }),
    line(`${status} after ${elapsed} s${result.error === undefined ? '' : `: ${result.error}`}`),
  ];
}
