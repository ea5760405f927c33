import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { BatchSettings, BrokenLine } from '../../protocol/batch.ts';
import type { SentFile } from '../../protocol/input.ts';
import { linesOf } from '../../protocol/lines.ts';
import { FAILURE } from '../../protocol/names.ts';
import { readInputLine, rowKey } from '../../protocol/original/input-row.ts';
import { sentContent, Unreachable } from '../session/stage-files.ts';
import { resolveInWorkspace } from '../workspace/resolve.ts';
import type { BatchPlaces } from './batch-files.ts';

/** A row of the stored input: where it stands, and what the original tells it apart by. */
export interface StoredRow {
  offset: number;
  bytes: number;
  key: string;
}

const MOST_TOLD = 20;
const decoder = new TextDecoder();

/**
 * Copies the rows that can be read into a file of the batch, so that what happens to the file later changes nothing.
 * Lines that cannot be read are told by their numbers.
 */
export async function storeInput(
  settings: BatchSettings,
  places: BatchPlaces,
  path: string,
): Promise<{ rows: StoredRow[]; broken: BrokenLine[]; brokenCount: number }> {
  const rows: StoredRow[] = [];
  const broken: BrokenLine[] = [];
  let brokenCount = 0;
  let line = 0;
  let offset = 0;
  const out = createWriteStream(path, { mode: 0o600, flush: true });
  try {
    for await (const { bytes } of linesOf(await sourceOf(settings, places))) {
      line += 1;
      const row = readInputLine(decoder.decode(bytes));
      if (row === undefined) continue;
      if ('error' in row) {
        brokenCount += 1;
        if (broken.length < MOST_TOLD) broken.push({ line, reason: row.error });
        continue;
      }
      const stored = Buffer.from(`${JSON.stringify(row.src)}\n`);
      if (!out.write(stored)) await once(out, 'drain');
      rows.push({ offset, bytes: stored.length - 1, key: rowKey(row.src) });
      offset += stored.length;
    }
  } finally {
    out.end();
    await finished(out);
  }
  if (rows.length === 0) {
    const [first] = broken;
    const why = first ? `line ${first.line}: ${first.reason}` : 'there are no rows';
    throw refused(`nothing in it can be run: ${why}`);
  }
  return { rows, broken, brokenCount };
}

export const refused = (message: string) =>
  ApplicationFailure.nonRetryable(`Invalid input: ${message}.`, FAILURE.invalidInput);

async function sourceOf({ rows, packed, file }: BatchSettings, places: BatchPlaces): Promise<AsyncIterable<Buffer>> {
  if (rows) return Readable.from(rows.map((row) => Buffer.from(`${JSON.stringify(row)}\n`)));
  if (packed !== undefined) return Readable.from([Buffer.from(packed, 'base64')]).pipe(createGunzip());
  if (file === undefined) throw refused('there are no rows');
  if (typeof file !== 'string') return openSent(file, places);
  return openFile(await namedFile(file, places, 'file'), file);
}

/** A file that an input names, below the worker's folder of files. */
export async function namedFile(path: string, { filesDir }: BatchPlaces, field: string): Promise<string> {
  if (!filesDir) throw refused(`${field}: this worker has no folder of input files (DEEP_RESEARCH_FILES_DIR)`);
  try {
    return await resolveInWorkspace(await realpath(filesDir), path);
  } catch (error) {
    throw refused(`${field}: ${(error as Error).message.replace(/\.$/, '')}`);
  }
}

async function openSent(file: SentFile, { stateDir, kept }: BatchPlaces): Promise<AsyncIterable<Buffer>> {
  const { cancellationSignal: signal } = Context.current();
  try {
    return await sentContent(file, { stateDir, kept, signal });
  } catch (error) {
    if (signal.aborted || error instanceof Unreachable) throw error;
    throw refused(`file: "${file.name}" cannot be used: ${(error as Error).message.replace(/\.$/, '')}`);
  }
}

async function openFile(path: string, name: string): Promise<AsyncIterable<Buffer>> {
  const there = await stat(path).catch(() => undefined);
  if (!there?.isFile()) throw refused(`file: "${name}" cannot be used: it is not there`);
  return createReadStream(path, { highWaterMark: 1 << 20 });
}
