import { writeFile } from 'node:fs/promises';
import type { BatchTask } from '../../protocol/batch-activities.ts';
import { type BatchFiles, PLAN } from './batch-files.ts';

/**
 * The sessions of a batch in the order in which they run: one record of fixed size each, so that a page is read
 * wherever it stands.
 */
const RECORD = 24;

export async function writePlan(path: string, tasks: readonly BatchTask[]): Promise<void> {
  const bytes = Buffer.alloc(tasks.length * RECORD);
  for (const [index, { row, rollout, offset, bytes: length }] of tasks.entries()) {
    const at = index * RECORD;
    bytes.writeUInt32LE(row, at);
    bytes.writeUInt32LE(rollout, at + 4);
    bytes.writeDoubleLE(offset, at + 8);
    bytes.writeDoubleLE(length, at + 16);
  }
  await writeFile(path, bytes, { flush: true });
}

export async function readPlan(files: BatchFiles, from: number, count: number): Promise<BatchTask[]> {
  const bytes = await files.readPart(PLAN, from * RECORD, count * RECORD);
  return Array.from({ length: Math.floor(bytes.length / RECORD) }, (_, index) => {
    const at = index * RECORD;
    return {
      row: bytes.readUInt32LE(at),
      rollout: bytes.readUInt32LE(at + 4),
      offset: bytes.readDoubleLE(at + 8),
      bytes: bytes.readDoubleLE(at + 16),
    };
  });
}
