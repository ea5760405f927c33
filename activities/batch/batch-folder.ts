import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kept } from '../workspace/keep.ts';
import { workspaceName } from '../workspace/workspace.ts';

/** The files of one batch. */
export interface BatchFolder {
  path: string;
  /** The rows that could be read, one a line. */
  input: string;
  /** What is to run: see `plan.ts`. */
  plan: string;
  /** Output rows of a rollout, which counts from 1. */
  rollout(number: number): string;
  summary: string;
  /** What sessions leave for their rows; there while the batch works. See `accounts.ts`. */
  accounts: string;
  logs: string;
}

/** Where workers keep batches: below the state folder, unless a folder is named that several machines share. */
export interface BatchPlaces {
  stateDir: string;
  batchDir?: string;
  filesDir?: string;
  /** Where files are that clients have sent. */
  kept: Kept;
}

export function batchFolder(
  { stateDir, batchDir }: Pick<BatchPlaces, 'stateDir' | 'batchDir'>,
  batch: string,
): BatchFolder {
  const path = join(batchDir ?? join(stateDir, 'batches'), workspaceName(batch));
  return {
    path,
    input: join(path, 'input.jsonl'),
    plan: join(path, 'plan.bin'),
    rollout: (number) => join(path, `rollout_${String(number).padStart(2, '0')}.jsonl`),
    summary: join(path, 'summary.json'),
    accounts: join(path, 'accounts'),
    logs: join(path, 'logs'),
  };
}

export async function ensureBatchFolder(folder: BatchFolder): Promise<void> {
  await mkdir(folder.accounts, { recursive: true, mode: 0o700 });
}
