import { gzipSync } from 'node:zlib';
import type { BatchInput } from '../../protocol/batch.ts';

/** Bytes: beyond this the rows are not for reading in the Web UI. */
const READABLE = 100_000;
/** Temporal takes 2 MiB; the settings need room as well. */
const MOST = 1_900_000;

/** Questions as a batch's input carries them: as they are where they are few, else compressed; undefined where it cannot. */
export function packRows(rows: Record<string, unknown>[]): Pick<BatchInput, 'rows' | 'packed'> | undefined {
  const text = `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;
  if (text.length < READABLE && rows.length < 200) return { rows };
  const packed = gzipSync(text, { level: 9 }).toString('base64');
  return packed.length <= MOST ? { packed } : undefined;
}
