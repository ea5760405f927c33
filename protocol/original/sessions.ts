import type { Line } from '../lines.ts';
import { rowKey } from './input-row.ts';
import { isFinished } from './row.ts';

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

/** The rows of one session in an output file, which stand together. */
export interface OutputSession {
  /** By which the original tells questions apart. */
  key: string;
  rollout: number;
  lines: Uint8Array[];
  /** All its segments are there, with an answer: it need not run again. */
  finished: boolean;
}

/** The sessions of an output file, ours or the original's. Lines that are no rows, or were cut, are passed over. */
export async function* outputSessions(lines: AsyncIterable<Line>): AsyncGenerator<OutputSession> {
  let open: (OutputSession & { name: string; total: number }) | undefined;
  for await (const { bytes, whole } of lines) {
    const row = whole ? parse(bytes) : undefined;
    if (!row) continue;
    const name = String(row.result?.query_id ?? row.query_id);
    const rollout = Number(row.rollout_idx ?? 1);
    const first = Number(row.segment_idx ?? 1) <= 1;
    if (!open || first || open.name !== name || open.rollout !== rollout) {
      if (open) yield closed(open);
      const key = rowKey({ id: row.src?.id, question: row.src?.question ?? row.query });
      open = { key, rollout, name, lines: [], finished: true, total: Number(row.segment_total ?? 1) };
    }
    open.lines.push(bytes);
    if (!isFinished(row)) open.finished = false;
  }
  if (open) yield closed(open);
}

const closed = ({ key, rollout, lines, finished, total }: OutputSession & { total: number }): OutputSession => ({
  key,
  rollout,
  lines,
  finished: finished && lines.length >= total,
});

function parse(bytes: Uint8Array): Row | undefined {
  try {
    const row: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return row !== null && typeof row === 'object' ? (row as Row) : undefined;
  } catch {
    return undefined;
  }
}
