import { appendFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import type { BatchInput } from '../../protocol/batch.ts';
import { readInputLine, rowKey } from '../../protocol/original/input-row.ts';
import { queryIdOf } from '../../protocol/original/query-id.ts';
import type { OriginalRow } from '../../protocol/original/row.ts';
import { toOriginalRows } from '../../protocol/original/to-rows.ts';
import { RequestRefused, ResearchFailed, SessionNotFound } from '../errors.ts';
import { collectSession } from '../export/export.ts';
import { exportedToRows } from '../export/to-rows.ts';
import type { DeepResearchClient } from '../index.ts';
import type { BatchRun } from './batch-run.ts';
import { keepFinished, ownFiles } from './copy-output.ts';

type Row = Record<string, unknown>;

/**
 * The output of a batch that has ended, put together from its sessions: for who cannot see the workers' files. Slower,
 * since workers must replay each session. What the files have already that is finished is not asked for.
 */
export async function fetchOutput(
  client: DeepResearchClient,
  batch: BatchRun,
  to: string,
  also: readonly string[] = [],
): Promise<string[]> {
  const { rows: count, rollouts } = await batch.status();
  const input = await batch.input();
  const given: BatchInput = typeof input === 'object' ? input : {};
  const rows = rowsOf(given);
  const files = ownFiles(to, rollouts);
  for (const [index, file] of files.entries()) {
    const rollout = index + 1;
    const left = (await keepFinished([file, ...also], file, rollout)).keys;
    for (let row = 1; row <= count; row += 1) {
      const src = rows[row - 1];
      const key = src && rowKey(src);
      const done = key === undefined ? 0 : (left.get(key) ?? 0);
      if (key !== undefined && done > 0) {
        left.set(key, done - 1);
        continue;
      }
      const lines = await sessionRows(client, batch.id, { row, rollout, attempt: given.attempt ?? 1, src });
      if (lines) await appendFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''), { flush: true });
    }
  }
  return files;
}

/** The questions as they were sent; none where they are in a file of the workers. */
function rowsOf({ rows, packed }: BatchInput): Row[] {
  if (rows) return rows;
  if (packed === undefined) return [];
  const lines = gunzipSync(Buffer.from(packed, 'base64')).toString('utf8').split('\n');
  return lines.flatMap((line) => {
    const row = readInputLine(line);
    return row && 'src' in row ? [row.src] : [];
  });
}

interface Place {
  row: number;
  rollout: number;
  attempt: number;
  src: Row | undefined;
}

/** Rows of the last attempt at a row; undefined where there was none. */
async function sessionRows(
  client: DeepResearchClient,
  batch: string,
  { row, rollout, attempt, src }: Place,
): Promise<OriginalRow[] | undefined> {
  for (let last = attempt; last >= 1; last -= 1) {
    const id = `${batch}.${String(row).padStart(5, '0')}.r${rollout}${last > 1 ? `.a${last}` : ''}`;
    try {
      const session = await client.attach(id);
      try {
        return await exportedToRows(await collectSession(session), { rollout, src });
      } catch (error) {
        // It ended before it had begun: it knows nothing but why.
        if (!(error instanceof RequestRefused)) throw error;
        const cause = await session.result().catch((failure) => failure);
        if (!(cause instanceof ResearchFailed)) throw error;
        return await failedRow(cause.message, rollout, src ?? {});
      }
    } catch (error) {
      if (!(error instanceof SessionNotFound)) throw error;
    }
  }
  return undefined;
}

async function failedRow(error: string, rollout: number, src: Row): Promise<OriginalRow[]> {
  const question = String(src.question ?? '');
  const now = Date.now();
  const queryId = await queryIdOf(question);
  const nothing = { segments: [], tools: '[]', startedAt: now, endedAt: now, status: 'error' as const };
  return toOriginalRows({ ...nothing, question, queryId, rollout, src, error });
}
