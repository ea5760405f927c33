import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { rowKey } from '../../protocol/original/input-row.ts';
import { isFinished } from '../../protocol/original/row.ts';
import { fileLines } from './lines.ts';

interface Row {
  query?: unknown;
  query_id?: unknown;
  status?: unknown;
  rollout_idx?: unknown;
  segment_idx?: unknown;
  segment_total?: unknown;
  src?: { id?: unknown; question?: unknown };
  result?: { query_id?: unknown };
}

/** How often each question is finished in output files, by the key of its row. */
export type Finished = Map<string, number>;

/**
 * Writes the output file of a rollout anew with what earlier files hold of it that is finished: whole sessions, ours or
 * the original's. Rows that failed, and a line that a crash has cut, are left out, so that they run again. At most
 * `wanted` sessions of a key are kept: files may overlap.
 *
 * @returns the file's bytes, and what is finished
 */
export async function keepFinished(
  sources: readonly string[],
  into: string,
  rollout: number,
  wanted: (key: string) => number,
): Promise<{ bytes: number; finished: Finished }> {
  const kept: Finished = new Map();
  let bytes = 0;
  const draft = `${into}.draft`;
  const out = createWriteStream(draft, { mode: 0o600, flush: true });
  const keep = async (group: Group) => {
    const already = kept.get(group.key) ?? 0;
    if (!group.whole || already >= wanted(group.key)) return;
    kept.set(group.key, already + 1);
    for (const line of group.lines) {
      bytes += line.length + 1;
      if (!out.write(line) || !out.write('\n')) await once(out, 'drain');
    }
  };
  try {
    for (const source of sources) {
      if (!(await stat(source).catch(() => undefined))?.isFile()) continue;
      for await (const group of sessionsIn(source, rollout)) await keep(group);
    }
  } finally {
    out.end();
    await finished(out);
  }
  if (bytes > 0 || (await stat(into).catch(() => undefined))) await rename(draft, into);
  else await rm(draft);
  return { bytes, finished: kept };
}

interface Group {
  key: string;
  lines: Buffer[];
  /** Every segment of the session is there, and it is finished. */
  whole: boolean;
}

/** The sessions of an output file: rows of one session stand together. */
async function* sessionsIn(path: string, rollout: number): AsyncGenerator<Group> {
  let group: (Group & { name: string; total: number; finished: boolean }) | undefined;
  const close = () => {
    if (group) group.whole = group.finished && group.lines.length >= group.total;
    return group;
  };
  for await (const { bytes, whole } of fileLines(path)) {
    const row = whole ? parse(bytes) : undefined;
    if (!row || Number(row.rollout_idx ?? 1) !== rollout) continue;
    const name = `${row.result?.query_id ?? row.query_id}`;
    const first = Number(row.segment_idx ?? 1) <= 1;
    if (!group || first || group.name !== name) {
      const closed = close();
      if (closed) yield closed;
      const key = rowKey({ id: row.src?.id, question: row.src?.question ?? row.query });
      group = { key, name, lines: [], whole: false, total: Number(row.segment_total ?? 1), finished: true };
    }
    group.lines.push(bytes);
    if (!isFinished(row)) group.finished = false;
  }
  const closed = close();
  if (closed) yield closed;
}

function parse(bytes: Buffer): Row | undefined {
  try {
    const row: unknown = JSON.parse(bytes.toString('utf8'));
    return row !== null && typeof row === 'object' ? (row as Row) : undefined;
  } catch {
    return undefined;
  }
}
