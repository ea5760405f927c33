import { Context } from '@temporalio/activity';
import type { RowOutcome } from '../../protocol/batch.ts';
import type { BatchTask, RecordedRows, RecordRowsInput, SessionEnding } from '../../protocol/batch-activities.ts';
import type { ReadRow } from '../../protocol/original/input-row.ts';
import { queryIdOf } from '../../protocol/original/query-id.ts';
import type { OriginalRow } from '../../protocol/original/row.ts';
import { toOriginalRows } from '../../protocol/original/to-rows.ts';
import { noUsage } from '../../protocol/reply.ts';
import type { Segment } from '../../protocol/trajectory.ts';
import { count } from '../../telemetry/metrics.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { accountsIn } from './accounts.ts';
import { type BatchPlace, batchFiles } from './batch-files.ts';
import { type EndedSession, readEndedSession } from './ended-session.ts';
import { writeLogs } from './logs.ts';
import { readStoredRows } from './read-tasks.ts';

/** Sessions read at the same time: those that have left nothing are replayed by a worker. */
const AT_ONCE = 4;
/** Some 20 minutes: workers may be away for a while, but one that none can replay any more must not hold up the batch. */
const IMPATIENT_ATTEMPT = 45;

/**
 * The activity `recordRows`: appends the rows of sessions that have ended. Where each goes was settled by the workflow,
 * and the same session gives the same rows: an attempt after a crash, or one that comes late, writes the same bytes at
 * the same place.
 */
export function makeRecordRows(places: BatchPlace) {
  const accounts = accountsIn(places);
  return ({ batch, sessions, offsets, stopping, logLabel }: RecordRowsInput): Promise<RecordedRows> =>
    withHeartbeat(async () => {
      const { client, info } = Context.current();
      const patient = info.attempt < IMPATIENT_ATTEMPT;
      const files = batchFiles(places, batch);
      const left = (sha256: string | undefined) => accounts.read(batch, sha256);
      const inputRows = await readStoredRows(
        files,
        sessions.map(({ task }) => task),
      );
      const outcomes: RowOutcome[] = [];
      const written: string[] = [];
      const texts = new Map<number, string[]>();
      for (let from = 0; from < sessions.length; from += AT_ONCE) {
        const some = await Promise.all(
          sessions.slice(from, from + AT_ONCE).map(async ({ task, id, ending }, index) => ({
            task,
            id,
            row: inputRows[from + index] as ReadRow,
            session: await readEndedSession({ client, left, patient }, id, ending),
          })),
        );
        for (const { task, id, row, session } of some) {
          if (session.result?.account) written.push(session.result.account);
          const outcome = outcomeOf(task, id, session, stopping);
          outcomes.push(outcome);
          count.batchRow(outcome.status);
          if (outcome.status === 'cancelled') continue;
          const rows = await rowsOf(task, row, session, outcome);
          texts.set(task.rollout, [...(texts.get(task.rollout) ?? []), ...rows.map((each) => JSON.stringify(each))]);
          if (logLabel) await writeLogs(files, logLabel, rows, info.attempt > 1);
        }
      }
      const next = [...offsets];
      for (const [rollout, lines] of texts) {
        const offset = offsets[rollout - 1] ?? 0;
        next[rollout - 1] = await files.writeRows(rollout, offset, Buffer.from(`${lines.join('\n')}\n`));
      }
      // An attempt that comes after this has to ask the sessions, and gets the same.
      await Promise.all(written.map((sha256) => accounts.remove(batch, sha256)));
      return { outcomes, offsets: next };
    });
}

function outcomeOf(
  { row, rollout }: BatchTask,
  id: string,
  { cancelled, result, error, segments, startedAt, endedAt }: EndedSession,
  stopping: boolean,
): RowOutcome {
  const rounds = segments.flatMap((segment) => segment.rounds);
  const failed = error ?? (result && whyUnanswered(result, segments));
  return {
    row,
    rollout,
    session: id,
    status:
      cancelled && stopping
        ? 'cancelled'
        : result?.stopReason === 'timeout'
          ? 'timeout'
          : failed === undefined
            ? 'success'
            : 'error',
    rounds: result?.rounds ?? rounds.filter(({ reply }) => reply).length,
    segments: segments.length,
    calls: rounds.reduce((sum, { calls }) => sum + calls.length, 0),
    usage: result?.usage ?? noUsage(),
    elapsedMs: result?.elapsedMs ?? Math.max(0, endedAt - startedAt),
    ...(failed === undefined ? {} : { error: failed.slice(0, 300) }),
  };
}

/** Why a session that ended well gives no answer to be kept; undefined where it does. */
function whyUnanswered({ answered, stopReason }: SessionEnding, segments: readonly Segment[]): string | undefined {
  if (!answered) return `the session ended without an answer (${stopReason})`;
  return segments.length === 0 ? 'the session has answered, but its rounds can no longer be read' : undefined;
}

async function rowsOf(
  { rollout }: BatchTask,
  { question, src }: ReadRow,
  session: EndedSession,
  { status, error }: RowOutcome,
): Promise<OriginalRow[]> {
  return toOriginalRows({
    question,
    queryId: await queryIdOf(question),
    rollout,
    src,
    startedAt: session.startedAt,
    endedAt: session.endedAt,
    status: status === 'cancelled' ? 'error' : status,
    ...(error === undefined ? {} : { error: session.error ?? error }),
    segments: session.segments,
    tools: session.tools,
    stopReason: session.result?.stopReason,
  });
}
