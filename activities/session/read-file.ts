import { ApplicationFailure } from '@temporalio/common';
import { PIECE_BYTES, type ReadFileInput } from '../../protocol/files.ts';
import { FAILURE } from '../../protocol/names.ts';
import { isHash } from '../../store/blobs.ts';
import type { Kept } from '../workspace/keep.ts';

/** The activity `readFile`: a part of a file in the store, for a client that does not reach it. */
export function makeReadFile({ store }: Pick<Kept, 'store'>) {
  return async ({ sha256, offset, length }: ReadFileInput): Promise<string> => {
    if (!isHash(sha256) || !(offset >= 0) || !(length > 0 && length <= PIECE_BYTES)) {
      throw refused(`a part of a file by its SHA-256, of at most ${PIECE_BYTES} bytes, was expected`);
    }
    const stream = await store.stream(`blobs/${sha256}`);
    if (!stream) throw refused(`there is no file ${sha256} in the store of this worker`);
    const parts: Buffer[] = [];
    let at = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const from = Math.max(0, offset - at);
      const to = Math.min(chunk.length, offset + length - at);
      if (from < to) parts.push(chunk.subarray(from, to));
      at += chunk.length;
      if (at >= offset + length) break;
    }
    return Buffer.concat(parts).toString('base64');
  };
}

const refused = (why: string) =>
  ApplicationFailure.nonRetryable(`The file cannot be read: ${why}.`, FAILURE.invalidInput);
