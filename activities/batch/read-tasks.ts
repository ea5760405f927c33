import { type FileHandle, open } from 'node:fs/promises';
import type { BatchTask, ReadTasksInput, ReadyTask } from '../../protocol/batch-activities.ts';
import { type ReadRow, readInputLine } from '../../protocol/original/input-row.ts';
import { type BatchPlaces, batchFolder } from './batch-folder.ts';
import { readPlan } from './plan.ts';

/** Characters of a page's questions: what an activity gives is in the history. */
const PAGE = 200_000;

/** The activity `readBatchTasks`: the next sessions of a batch, fewer than asked for where their questions are long. */
export function makeReadTasks(places: BatchPlaces) {
  return async ({ batch, from, count }: ReadTasksInput): Promise<ReadyTask[]> => {
    const folder = batchFolder(places, batch);
    const input = await open(folder.input, 'r');
    try {
      const ready: ReadyTask[] = [];
      let size = 0;
      for (const task of await readPlan(folder.plan, from, count)) {
        const { question, files, skills } = await readStoredRow(input, task);
        size += question.length + 200;
        if (size > PAGE && ready.length > 0) break;
        ready.push({ ...task, question, files, skills });
      }
      return ready;
    } finally {
      await input.close();
    }
  };
}

/** A row of the stored input. It was checked when it was stored. */
export async function readStoredRow(input: FileHandle, { offset, bytes }: BatchTask): Promise<ReadRow> {
  const { buffer } = await input.read(Buffer.alloc(bytes), 0, bytes, offset);
  const row = readInputLine(buffer.toString('utf8'));
  if (row === undefined || 'error' in row) throw new Error('The stored input of the batch is damaged.');
  return row;
}
