import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import type { BatchTask, OpenBatchInput, OpenedBatch } from '../../protocol/batch-activities.ts';
import { SEARCH_ATTRIBUTE } from '../../protocol/names.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { hasSessionAttributes, searchAttributesOf } from '../session/search-attributes.ts';
import { type BatchFiles, type BatchPlaces, batchFiles, INPUT, outputPlace, PLAN } from './batch-files.ts';
import { type Finished, keepFinished } from './kept-rows.ts';
import { fileChunks } from './lines.ts';
import { writePlan } from './plan.ts';
import { namedFile, type StoredRow, storeInput } from './stored-input.ts';

/**
 * The activity `openBatch`: stores the input, takes over what earlier output files have finished and lays down what is
 * to run. Its result is kept in the batch's folder: an attempt that comes late must not undo what was written since.
 */
export function makeOpenBatch(places: BatchPlaces) {
  return ({ batch, runId, settings }: OpenBatchInput): Promise<OpenedBatch> =>
    withHeartbeat(async () => {
      const files = batchFiles(places, batch);
      const record = `opened-${runId}.json`;
      const before = await recordOf(files, record);
      if (before) return before;

      const resume = await Promise.all(settings.resumeFrom.map((path) => namedFile(path, places, 'resumeFrom')));
      const scratch = await files.scratch();
      /** Makes a file on this machine, and gives it to the batch. */
      const made = async <T>(
        make: (draft: string) => Promise<T>,
        take: (draft: string) => Promise<void>,
      ): Promise<T> => {
        const draft = join(scratch, `draft-${randomUUID()}`);
        try {
          const result = await make(draft);
          await take(draft);
          return result;
        } finally {
          await rm(draft, { force: true });
        }
      };
      const { rows, broken, brokenCount } = await made(
        (draft) => storeInput(settings, places, draft),
        (draft) => files.take(INPUT, draft),
      );
      const rowsOf = countKeys(rows);
      const tasks: BatchTask[] = [];
      const offsets: number[] = [];
      for (let rollout = 1; rollout <= settings.rollouts; rollout += 1) {
        const sources = [files.rows(rollout), ...resume.map(fileChunks)];
        const kept = await made(
          (draft) => keepFinished(sources, draft, rollout, (key) => rowsOf.get(key) ?? 0),
          (draft) => files.replaceRows(rollout, draft),
        );
        offsets.push(kept.bytes);
        tasks.push(...unfinished(rows, rollout, kept.finished, settings.skip[rollout] ?? []));
      }
      await made(
        (draft) => writePlan(draft, tasks),
        (draft) => files.take(PLAN, draft),
      );
      await files.setTakesAccounts(true);
      const attributes = await searchAttributesOf(Context.current().client);
      const opened: OpenedBatch = {
        output: outputPlace(places, batch),
        rows: rows.length,
        tasks: tasks.length,
        skipped: rows.length * settings.rollouts - tasks.length,
        broken,
        brokenCount,
        offsets,
        searchAttributes: attributes.has(SEARCH_ATTRIBUTE.batch),
        sessionAttributes: hasSessionAttributes(attributes),
      };
      await files.publish(record, opened);
      return (await recordOf(files, record)) ?? opened;
    });
}

/** What is damaged counts as not there. */
async function recordOf(files: BatchFiles, name: string): Promise<OpenedBatch | undefined> {
  try {
    const text = await files.read(name);
    return text && JSON.parse(text.toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
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
