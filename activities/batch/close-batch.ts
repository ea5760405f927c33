import { rm, stat, truncate } from 'node:fs/promises';
import type { CloseBatchInput } from '../../protocol/batch-activities.ts';
import { replaceFile } from '../record-file.ts';
import { type BatchPlaces, batchFolder } from './batch-folder.ts';

/** The activity `closeBatch`: writes the summary. What lies beyond the last row, after a reset of the workflow, goes. */
export function makeCloseBatch(places: BatchPlaces) {
  return async ({ batch, offsets, summary }: CloseBatchInput): Promise<void> => {
    const folder = batchFolder(places, batch);
    for (const [index, offset] of offsets.entries()) {
      const path = folder.rollout(index + 1);
      const there = await stat(path).catch(() => undefined);
      if (there && there.size > offset) await truncate(path, offset);
    }
    await rm(folder.accounts, { recursive: true, force: true });
    replaceFile(folder.summary, `${JSON.stringify(summary, null, 2)}\n`);
  };
}
