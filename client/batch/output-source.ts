import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bucket, openBucket } from '../../store/bucket.ts';
import { rowsInBucket } from '../../store/rows-in-bucket.ts';
import { bucketAt, type Env } from '../files/client-store.ts';

/** The workers' output of a batch, as far as it is seen from here. */
export interface OutputSource {
  /** What a rollout's rows have from a byte on, a part of it where that is much. */
  read(rollout: number, offset: number): Promise<Uint8Array>;
}

const MOST_AT_ONCE = 64 * 1024 * 1024;

export const fileOf = (rollout: number): string => `rollout_${String(rollout).padStart(2, '0')}.jsonl`;

/** The output of this very batch, in a folder or a bucket of the workers; undefined where it cannot be seen from here. */
export async function outputSource(
  output: string,
  firstRunId: string | undefined,
  env: Env = process.env,
): Promise<OutputSource | undefined> {
  const record = `opened-${firstRunId}.json`;
  if (!output.startsWith('s3://')) return existsSync(join(output, record)) ? folderSource(output) : undefined;
  const settings = bucketAt(output, env);
  const bucket = settings && openBucket(settings);
  const size = await bucket?.size(record).catch(() => undefined);
  return bucket && size !== undefined ? bucketSource(bucket) : undefined;
}

export const folderSource = (folder: string): OutputSource => ({
  async read(rollout, offset) {
    const file = await open(join(folder, fileOf(rollout)), 'r').catch(() => undefined);
    if (!file) return Buffer.alloc(0);
    try {
      const { size } = await file.stat();
      const length = Math.min(MOST_AT_ONCE, Math.max(0, size - offset));
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  },
});

const bucketSource = (bucket: Bucket): OutputSource => ({
  async read(rollout, offset) {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of rowsInBucket(bucket, fileOf(rollout)).read(offset)) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= MOST_AT_ONCE) break;
    }
    return Buffer.concat(chunks);
  },
});
