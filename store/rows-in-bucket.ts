import type { Bucket } from './bucket.ts';

/**
 * Rows that are appended in a bucket, where nothing can be: each lot is an object of its own, named by the byte at which
 * it begins, beside the one object that has the rows of before. A lot that is written again is the same object.
 */
export interface RowsInBucket {
  /** All that is there from a byte on, without gaps. */
  read(from: number): AsyncGenerator<Uint8Array>;
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** Makes one object of the first `bytes`, and removes the lots. Throws where they are not all there. */
  join(bytes: number): Promise<void>;
  /** Puts others in the place of all rows. Whatever it is interrupted by, either these or those of before are read. */
  replace(chunks: () => AsyncIterable<Uint8Array>): Promise<void>;
}

/** @param file name of the object with all rows in the end; lots lie in a folder of that name without its ending */
export function rowsInBucket(bucket: Bucket, file: string): RowsInBucket {
  const folder = file.replace(/\.jsonl$/, '.parts/');
  const draft = file.replace(/\.jsonl$/, '.draft.jsonl');
  const lotAt = (offset: number) => `${folder}${String(offset).padStart(15, '0')}.jsonl`;
  const offsetOf = (name: string) => Number(/(\d+)\.jsonl$/.exec(name)?.[1]);

  async function* content(name: string, skip: number): AsyncGenerator<Uint8Array> {
    const response = await bucket.get(name, { timeoutMs: LONGEST_MS });
    if (!response.ok) return void (await response.body?.cancel());
    let left = skip;
    for await (const chunk of response.body ?? []) {
      if (left < chunk.length) yield chunk.subarray(left);
      left = Math.max(0, left - chunk.length);
    }
  }

  async function removeLots(): Promise<void> {
    for await (const { name } of bucket.list(folder)) await bucket.remove(name);
  }

  async function* read(from: number): AsyncGenerator<Uint8Array> {
    // A replacement that was not finished has all of it.
    const whole = (await bucket.size(draft)) === undefined ? file : draft;
    let at = (await bucket.size(whole)) ?? 0;
    if (from < at) yield* content(whole, from);
    if (whole === draft) return;
    for await (const { name, bytes } of bucket.list(folder)) {
      const offset = offsetOf(name);
      // Before `at`: it is a part of the whole already. Behind it: left by a run that was reset.
      if (offset < at) continue;
      if (offset > at) break;
      if (from < at + bytes) yield* content(name, Math.max(0, from - at));
      at += bytes;
    }
  }

  async function* firstOf(bytes: number): AsyncGenerator<Uint8Array> {
    let left = bytes;
    for await (const chunk of read(0)) {
      if (left === 0) return;
      yield chunk.subarray(0, left);
      left -= Math.min(left, chunk.length);
    }
    if (left > 0) {
      throw new Error(
        `The output ${file} has ${bytes - left} bytes in the bucket where ${bytes} were written: put it back, then the batch goes on.`,
      );
    }
  }

  return {
    read,
    async write(offset, bytes) {
      if (((await bucket.size(file)) ?? 0) > offset) {
        // An attempt that comes after the end, or a workflow that was reset to before what it had written.
        const response = await bucket.get(file, { range: [offset, bytes.length] });
        if (Buffer.from(await response.arrayBuffer()).equals(bytes)) return;
        await bucket.upload(file, firstOf(offset));
      }
      await bucket.put(lotAt(offset), new Uint8Array(bytes));
    },
    async join(bytes) {
      const size = await bucket.size(file);
      if (size !== bytes && (size !== undefined || bytes > 0)) await bucket.upload(file, firstOf(bytes));
      await removeLots();
    },
    async replace(chunks) {
      await bucket.upload(draft, chunks());
      await removeLots();
      await bucket.upload(file, chunks());
      await bucket.remove(draft);
    },
  };
}

const LONGEST_MS = 2 * 3_600_000;
