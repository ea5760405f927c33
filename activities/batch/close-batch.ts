import type { CloseBatchInput } from '../../protocol/batch-activities.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { type BatchPlace, batchFiles, SUMMARY } from './batch-files.ts';

/** The activity `closeBatch`: writes the summary. What lies beyond the last row, after a reset of the workflow, goes. */
export function makeCloseBatch(places: BatchPlace) {
  return ({ batch, offsets, summary }: CloseBatchInput): Promise<void> =>
    withHeartbeat(async () => {
      const files = batchFiles(places, batch);
      for (const [index, offset] of offsets.entries()) await files.endRows(index + 1, offset);
      await files.setTakesAccounts(false);
      await files.write(SUMMARY, `${JSON.stringify(summary, null, 2)}\n`);
    });
}
