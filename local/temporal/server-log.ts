import { closeSync, openSync, readFileSync, readSync, renameSync, statSync } from 'node:fs';

/** Above this the log of earlier runs is set aside as `.1` when a server starts. */
const ROTATE_BYTES = 10 << 20;

const TAIL_BYTES = 4_000;

export interface ServerLog {
  /** File descriptor for the server's output; to be closed by the caller. */
  fd: number;
  /** Last lines written since it was opened. */
  tail(): string;
  /** Whether what was written since it was opened says so: a Go trace is longer than the tail. */
  says(pattern: RegExp): boolean;
}

/** Opens the log for one more run of the server, to be appended to. */
export function openServerLog(file: string): ServerLog {
  if (size(file) > ROTATE_BYTES) renameSync(file, `${file}.1`);
  const start = size(file);
  return {
    fd: openSync(file, 'a', 0o600),
    tail: () => readTail(file, start),
    says: (pattern) => pattern.test(readFileSync(file).subarray(start).toString('utf8')),
  };
}

function size(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function readTail(file: string, start: number): string {
  const from = Math.max(start, size(file) - TAIL_BYTES);
  const bytes = Buffer.alloc(TAIL_BYTES);
  const fd = openSync(file, 'r');
  try {
    return bytes.toString('utf8', 0, readSync(fd, bytes, 0, TAIL_BYTES, from)).trim();
  } finally {
    closeSync(fd);
  }
}
