import { closeSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

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
  /** Closes the file after the last output. A full disk is waited for until `patienceMs` from now. */
  finish(patienceMs?: number): Promise<Captured>;
}

/** A disk that is full for longer has the command's result wait as well. */
const PATIENCE_MS = 5_000;
const LOOK_MS = 100;

/**
 * Writes a stream to an open file, up to `limit` bytes; from there on, or once the disk is full, only the last part is
 * kept, in memory, and appended at the end. The stream is read to its end in any case, so that a command never waits
 * for a full disk.
 */
export function capture(stream: Readable, file: number, limit: number): Capture {
  const headBytes = Math.max(0, limit - TAIL_BYTES);
  let bytes = 0;
  let written = 0;
  let tail: Buffer[] = [];
  let tailBytes = 0;
  let error: string | undefined;

  /** Gives how much was written. */
  function write(data: Buffer): number {
    let at = 0;
    try {
      while (at < data.length) at += writeSync(file, data, at);
      error = undefined;
    } catch (cause) {
      error = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    }
    return at;
  }

  stream.on('data', (data: Buffer) => {
    bytes += data.length;
    const room = error ? 0 : Math.max(0, headBytes - written);
    const kept = room > 0 ? write(data.subarray(0, room)) : 0;
    written += kept;
    if (kept === data.length) return;
    tail.push(data.subarray(kept));
    tailBytes += data.length - kept;
    if (tailBytes > 4 * TAIL_BYTES) {
      tail = [Buffer.from(Buffer.concat(tail).subarray(-TAIL_BYTES))];
      tailBytes = tail[0]!.length;
    }
  });
  // A broken pipe ends the output, not the command.
  stream.on('error', () => {});

  return {
    async finish(patienceMs = PATIENCE_MS) {
      stream.destroy();
      const end = Buffer.concat(tail).subarray(-TAIL_BYTES);
      const left = bytes - written - end.length;
      const note = left > 0 ? Buffer.from(`\n[… ${left} bytes of output were not kept …]\n`) : Buffer.alloc(0);
      let rest = Buffer.concat([note, end]);
      for (const until = performance.now() + patienceMs; ; await sleep(LOOK_MS)) {
        rest = rest.subarray(write(rest));
        if (rest.length === 0 || performance.now() > until) break;
      }
      closeSync(file);
      return { bytes, cut: left > 0 || error !== undefined, error };
    },
  };
}
