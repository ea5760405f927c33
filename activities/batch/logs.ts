import type { OriginalResult, OriginalRow } from '../../protocol/original/row.ts';
import type { BatchFiles } from './batch-files.ts';

/**
 * The original's logs of a session: a folder `logs/YYYY_MM_DD_<label>/<query id>/` with `run.log` and `result.json`, and a
 * line in the day's `collect.log`.
 *
 * @param again an earlier attempt may have written them
 */
export async function writeLogs(
  files: BatchFiles,
  label: string,
  rows: readonly OriginalRow[],
  again: boolean,
): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const results = rows.map(({ result }) => result);
  const run = (first.result as Partial<OriginalResult>).query_id ?? first.query_id;
  const day = first.time_stamp.slice(0, 10).replaceAll('-', '_');
  // Questions may be the same in several rows and begin in the same second.
  const name = first.rollout_idx > 1 ? `${run}-${first.rollout_idx}` : run;
  const ofDay = `logs/${day}_${label}`;
  const path = `${ofDay}/${name}`;
  await files.leave(`${path}/result.json`, `${JSON.stringify(results, null, 2)}\n`);
  await files.leave(`${path}/run.log`, `${rows.flatMap(logLines).join('\n')}\n`);
  await collect(files, `${ofDay}/collect.log`, endLine(name, rows), again);
}

/** The same session has the same line. */
async function collect(files: BatchFiles, name: string, line: string, again: boolean): Promise<void> {
  const before = again ? ((await files.read(name))?.toString('utf8') ?? '') : '';
  if (!before.split('\n').includes(line)) await files.append(name, `${line}\n`);
}

function endLine(name: string, rows: readonly OriginalRow[]): string {
  const last = rows.at(-1) as OriginalRow;
  const rounds = rows.reduce((sum, { result }) => sum + ((result as Partial<OriginalResult>).rounds ?? 0), 0);
  const { time_stamp: time, status, elapsed_sec: elapsed, result } = last;
  const error = result.error === undefined ? '' : `: ${result.error.replace(/\s+/g, ' ')}`;
  return `${time} INFO ${name} ${status} after ${elapsed} s, ${rounds} rounds${error}`;
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
