import { gzipSync } from 'node:zlib';
import type { BatchInput } from '../../protocol/batch.ts';
import { InvalidInput } from '../errors.ts';

/** Bytes: beyond this the rows are not for reading in the Web UI. */
const READABLE = 100_000;
/** Temporal takes 2 MiB; the settings need room as well. */
const MOST = 1_900_000;

/** Questions as a batch's input carries them: as they are where they are few, else compressed. Throws `InvalidInput`. */
export function packRows(rows: Record<string, unknown>[]): Pick<BatchInput, 'rows' | 'packed'> {
  const text = `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;
  if (text.length < READABLE && rows.length < 200) return { rows };
  const packed = gzipSync(text, { level: 9 }).toString('base64');
  if (packed.length <= MOST) return { packed };
  throw new InvalidInput(
    `The questions take ${Math.ceil(packed.length / 1_000_000)} MB compressed, Temporal carries 2: put the file below the workers' DEEP_RESEARCH_FILES_DIR and name it there with --stored.`,
  );
}
