import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const Record = z.object({
  pid: z.number(),
  /** ISO time. */
  startTime: z.string(),
  port: z.number(),
  uiPort: z.number(),
  address: z.string(),
  uiUrl: z.string(),
});

/** What the state folder tells about its last dev server. Kept after its end, so that the next one has its ports. */
export type DevServerRecord = z.infer<typeof Record>;

/** The record, or undefined if there is none or it cannot be read: it only speaks of preferences, never of truth. */
export function readRecord(file: string): DevServerRecord | undefined {
  try {
    return Record.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Replaces the record in one step. */
export function writeRecord(file: string, record: DevServerRecord): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
