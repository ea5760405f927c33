import { fileNameOf } from '../../protocol/input.ts';
import { queryIdOf } from '../../protocol/original/query-id.ts';
import type { OriginalRow } from '../../protocol/original/row.ts';
import { toOriginalRows, toolsIn } from '../../protocol/original/to-rows.ts';
import type { ExportedSession } from './export.ts';

/** An exported session as rows of the original's output files. */
export async function exportedToRows(
  { status, input, result, failure, segments }: ExportedSession,
  { rollout = 1, src }: { rollout?: number; src?: Record<string, unknown> } = {},
): Promise<OriginalRow[]> {
  const { question, startedAt } = status;
  const files =
    typeof input === 'object'
      ? (input.files ?? []).map((file) => (typeof file === 'string' ? file : fileNameOf(file)))
      : [];
  const answered = result !== undefined && result.answer !== '';
  const error =
    failure?.message ??
    (answered ? undefined : result ? `it ended without an answer (${result.stopReason})` : 'it has not ended');
  const calls = segments.flatMap(({ rounds }) => rounds.flatMap((round) => round.calls));
  const last = Math.max(startedAt, ...calls.map(({ endedAt }) => endedAt ?? 0));
  return toOriginalRows({
    question,
    queryId: await queryIdOf(question),
    rollout,
    src: src ?? { question, ...(files.length > 0 ? { file_path: files } : {}) },
    startedAt,
    endedAt: result ? startedAt + result.elapsedMs : last,
    status: result?.stopReason === 'timeout' ? 'timeout' : error === undefined ? 'success' : 'error',
    ...(error === undefined ? {} : { error }),
    segments,
    tools: toolsIn(segments[0]?.system ?? '') ?? '[]',
    stopReason: result?.stopReason,
  });
}
