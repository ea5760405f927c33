import type { BatchActivities } from '../../protocol/batch-activities.ts';
import { awaitSessions } from './await-sessions.ts';
import type { BatchPlaces } from './batch-files.ts';
import { makeCloseBatch } from './close-batch.ts';
import { makeOpenBatch } from './open-batch.ts';
import { makeReadTasks } from './read-tasks.ts';
import { makeRecordRows } from './record-rows.ts';

/** The activities of `deepResearchBatch`. */
export const makeBatchActivities = (places: BatchPlaces): BatchActivities => ({
  openBatch: makeOpenBatch(places),
  readBatchTasks: makeReadTasks(places),
  recordRows: makeRecordRows(places),
  awaitSessions,
  closeBatch: makeCloseBatch(places),
});
