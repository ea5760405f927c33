import type { BatchTask, ReadTasksInput, ReadyTask } from '../../protocol/batch-activities.ts';
import { type ReadRow, readInputLine } from '../../protocol/original/input-row.ts';
import { type BatchFiles, type BatchPlace, batchFiles, INPUT } from './batch-files.ts';
import { readPlan } from './plan.ts';

/** Characters of a page's questions: what an activity gives is in the history. */
const PAGE = 200_000;
/** Bytes between two rows of the input that are read as well, to read all rows of a page at once. */
const MOST_BETWEEN = 1_000_000;

/** The activity `readBatchTasks`: the next sessions of a batch, fewer than asked for where their questions are long. */
export function makeReadTasks(places: BatchPlace) {
  return async ({ batch, from, count }: ReadTasksInput): Promise<ReadyTask[]> => {
    const files = batchFiles(places, batch);
    const tasks = await readPlan(files, from, count);
    const rows = await readStoredRows(files, tasks);
    const ready: ReadyTask[] = [];
    let size = 0;
    for (const [index, task] of tasks.entries()) {
      const { question, files: given, skills } = rows[index] as ReadRow;
      size += question.length + 200;
      if (size > PAGE && ready.length > 0) break;
      ready.push({ ...task, question, files: given, skills });
    }
    return ready;
  };
}

/** Rows of the stored input, which were checked when they were stored. Those that lie together are read at once. */
export async function readStoredRows(files: BatchFiles, tasks: readonly BatchTask[]): Promise<ReadRow[]> {
  const rows = new Map<number, ReadRow>();
  const inOrder = [...tasks].sort((one, other) => one.offset - other.offset);
  for (let first = 0; first < inOrder.length; ) {
    const start = (inOrder[first] as BatchTask).offset;
    const end = inOrder.findIndex(({ offset }, index) => index > first && offset - start > MOST_BETWEEN);
    const together = inOrder.slice(first, end < 0 ? undefined : end);
    const last = together.at(-1) as BatchTask;
    const bytes = await files.readPart(INPUT, start, last.offset + last.bytes - start);
    for (const { offset, bytes: length } of together) {
      const row = readInputLine(bytes.toString('utf8', offset - start, offset - start + length));
      if (row === undefined || 'error' in row) throw new Error('The stored input of the batch is damaged.');
      rows.set(offset, row);
    }
    first += together.length;
  }
  return tasks.map(({ offset }) => rows.get(offset) as ReadRow);
}
