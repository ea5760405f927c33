import { closeSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';

/** Kept of the end of an output that is longer than the file may be: the error usually stands there. */
const TAIL_BYTES = 64 * 1024;

export interface Captured {
  /** All that was written, kept or not. */
  bytes: number;
  /** Not all of it is in the file. */
  cut: boolean;
  /** Why the file could not be written (`ENOSPC`, …). */
  error?: string;
}

export interface Capture {
  /** Closes the file after the last output. */
  finish(): Captured;
}

/**
 * Writes a stream to an open file, up to `limit` bytes; from there on only the last part is kept, in memory, and
 * appended at the end. The stream is read to its end in any case, so that a command never waits for a full disk.
 */
export function capture(stream: Readable, file: number, limit: number): Capture {
  const headBytes = Math.max(0, limit - TAIL_BYTES);
  let bytes = 0;
  let written = 0;
  let tail: Buffer[] = [];
  let tailBytes = 0;
  let error: string | undefined;

  function write(data: Buffer): void {
    if (error) return;
    try {
      for (let at = 0; at < data.length; ) at += writeSync(file, data, at);
      written += data.length;
    } catch (cause) {
      error = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    }
  }

  stream.on('data', (data: Buffer) => {
    bytes += data.length;
    const room = Math.max(0, headBytes - written);
    if (room > 0) write(data.subarray(0, room));
    if (data.length <= room) return;
    tail.push(data.subarray(room));
    tailBytes += data.length - room;
    if (tailBytes > 4 * TAIL_BYTES) {
      tail = [Buffer.from(Buffer.concat(tail).subarray(-TAIL_BYTES))];
      tailBytes = tail[0]!.length;
    }
  });
  // A broken pipe ends the output, not the command.
  stream.on('error', () => {});

  return {
    finish() {
      stream.destroy();
      const end = Buffer.concat(tail).subarray(-TAIL_BYTES);
      const left = bytes - written - end.length;
      if (left > 0 && !error) write(Buffer.from(`\n[… ${left} bytes of output were not kept …]\n`));
      write(end);
      closeSync(file);
      return { bytes, cut: left > 0 || error !== undefined, error };
    },
  };
}
