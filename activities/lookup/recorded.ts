import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDiskFull } from '../disk-full.ts';
import { publish, readRecord } from '../record-file.ts';
import { checkCallId } from '../sandbox/call-record.ts';
import { callsPath } from '../workspace/workspace.ts';

/**
 * Looks something up once for a call: what it gives is on disk before it is returned, and a retry after a crash gets
 * the record without asking again. `what` tells the look-ups of one call apart. The value must be one that JSON holds.
 * What throws leaves no record.
 *
 * On a full disk an answer is given without a record, for to fail would be to pay for it again; with `must` the record
 * is the point of it, and it throws.
 */
export type Recorded = <T>(what: string, look: () => Promise<T>, options?: { must?: boolean }) => Promise<T>;

/** Without records, for callers that are never retried. */
export const unrecorded: Recorded = (_, look) => look();

/**
 * The records of one call, beside those of the session's commands and removed with them at its end. A record's name has
 * a digest of `what`, for after a reset to an earlier round the same call id can stand for another question. The state
 * folder belongs to one machine: a retry on another finds what the cache has.
 *
 * @param workspace the session's workspace, by name
 */
export function callRecords(stateDir: string, workspace: string, callId: string): Recorded {
  checkCallId(callId);
  const folder = callsPath(stateDir, workspace);
  return async <T>(what: string, look: () => Promise<T>, { must = false } = {}): Promise<T> => {
    const digest = createHash('sha256').update(what).digest('hex').slice(0, 16);
    const path = join(folder, `${callId}-${digest}.lookup.json`);
    const before = readRecord<Kept>(path);
    if (before) return before.value as T;
    const value = await look();
    const record: Kept = { what, at: new Date().toISOString(), value };
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (publish(path, record)) return value;
    } catch (error) {
      if (must || !isDiskFull(error)) throw error;
      return value;
    }
    // An earlier attempt that was taken for dead was quicker; both must tell the model the same.
    const first = readRecord<Kept>(path);
    return first ? (first.value as T) : value;
  };
}

interface Kept {
  what: string;
  at: string;
  value: unknown;
}
