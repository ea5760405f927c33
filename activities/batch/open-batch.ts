import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import type { BatchTask, OpenBatchInput, OpenedBatch } from '../../protocol/batch-activities.ts';
import { SEARCH_ATTRIBUTE } from '../../protocol/names.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { publish, readRecord } from '../record-file.ts';
import { type BatchPlaces, batchFolder, ensureBatchFolder } from './batch-folder.ts';
import { type Finished, keepFinished } from './kept-rows.ts';
import { writePlan } from './plan.ts';
import { namedFile, type StoredRow, storeInput } from './stored-input.ts';

/**
 * The activity `openBatch`: stores the input, takes over what earlier output files have finished and lays down what is
 * to run. Its result is kept in the batch's folder: an attempt that comes late must not undo what was written since.
 */
export function makeOpenBatch(places: BatchPlaces) {
  return ({ batch, runId, settings }: OpenBatchInput): Promise<OpenedBatch> =>
    withHeartbeat(async () => {
      const folder = batchFolder(places, batch);
      await ensureBatchFolder(folder);
      const record = join(folder.path, `opened-${runId}.json`);
      const before = readRecord<OpenedBatch>(record);
      if (before) return before;

      const resume = await Promise.all(settings.resumeFrom.map((path) => namedFile(path, places, 'resumeFrom')));
      const { rows, broken, brokenCount } = await storeInput(settings, places, folder.input);
      const rowsOf = countKeys(rows);
      const tasks: BatchTask[] = [];
      const offsets: number[] = [];
      for (let rollout = 1; rollout <= settings.rollouts; rollout += 1) {
        const own = folder.rollout(rollout);
        const kept = await keepFinished([own, ...resume], own, rollout, (key) => rowsOf.get(key) ?? 0);
        offsets.push(kept.bytes);
        tasks.push(...unfinished(rows, rollout, kept.finished, settings.skip[rollout] ?? []));
      }
      const plan = `${folder.plan}.draft`;
      await writePlan(plan, tasks);
      await rename(plan, folder.plan);
      const opened: OpenedBatch = {
        output: folder.path,
        rows: rows.length,
        tasks: tasks.length,
        skipped: rows.length * settings.rollouts - tasks.length,
        broken,
        brokenCount,
        offsets,
        searchAttributes: await knowsBatches(),
      };
      publish(record, opened);
      return existsSync(record) ? (readRecord<OpenedBatch>(record) ?? opened) : opened;
    });
}

function countKeys(rows: readonly StoredRow[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { key } of rows) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** Of rows with the same id and question, as many run as are not finished. */
function* unfinished(
  rows: readonly StoredRow[],
  rollout: number,
  finished: Finished,
  skip: readonly (readonly [number, number])[],
): Generator<BatchTask> {
  const left = new Map(finished);
  for (const [index, { key, offset, bytes }] of rows.entries()) {
    const row = index + 1;
    const done = left.get(key) ?? 0;
    if (done > 0) left.set(key, done - 1);
    else if (!skip.some(([first, last]) => row >= first && row <= last)) yield { row, rollout, offset, bytes };
  }
}

/** A server may not know the attribute, and may not let a worker ask. */
async function knowsBatches(): Promise<boolean> {
  const { client } = Context.current();
  try {
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({
      namespace: client.options.namespace,
    });
    return SEARCH_ATTRIBUTE.batch in (customAttributes ?? {});
  } catch {
    return false;
  }
}
