/** A line beyond this is no row of questions or answers: it must not fill the memory. */
const LONGEST_LINE = 256 * 1024 * 1024;
const NEWLINE = 10;

export interface Line {
  /** Without its end. */
  bytes: Uint8Array;
  /** False for a last line that has no end: it may still be written, or was cut by a crash. */
  whole: boolean;
}

/** Lines of a stream of bytes. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      yield { bytes: joined([...parts, chunk.subarray(start, end)]), whole: true };
      parts = [];
      held = 0;
      start = end + 1;
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start));
      held += chunk.length - start;
      if (held > LONGEST_LINE) throw new Error(`A line is longer than ${LONGEST_LINE} bytes.`);
    }
  }
  if (held > 0) yield { bytes: joined(parts), whole: false };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array;
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
