import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';

/** A line beyond this is no row of questions or answers: it must not fill the memory. */
const LONGEST_LINE = 256 * 1024 * 1024;

/** Lines of a stream of bytes, without their ends; `whole` is false for a last line that has no end. */
export async function* linesOf(source: Readable | AsyncIterable<Buffer>): AsyncGenerator<{
  bytes: Buffer;
  whole: boolean;
}> {
  let parts: Buffer[] = [];
  let held = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield { bytes: Buffer.concat([...parts, chunk.subarray(start, end)]), whole: true };
      parts = [];
      held = 0;
      start = end + 1;
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start));
      held += chunk.length - start;
      if (held > LONGEST_LINE) throw new Error(`a line is longer than ${LONGEST_LINE} bytes`);
    }
  }
  if (held > 0) yield { bytes: Buffer.concat(parts), whole: false };
}

export const fileLines = (path: string) => linesOf(createReadStream(path, { highWaterMark: 1 << 20 }));
