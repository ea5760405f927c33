import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { linesOf } from '../../protocol/lines.ts';
import { type OriginalRow, originalRow } from '../../protocol/original/row.ts';
import { outputSessions } from '../../protocol/original/sessions.ts';
import { mustBeFile } from '../batch/read-questions.ts';
import { InvalidInput } from '../errors.ts';
import type { ExportedSession } from './export.ts';
import { fromOriginalRows } from './from-rows.ts';
import { exportedToRows } from './to-rows.ts';

/**
 * Converts a file in either direction, a line each: rows of the original's output to exports, one a session; exports,
 * one or one a line, to rows. Throws `InvalidInput` for anything else.
 */
export async function* convert(path: string): AsyncGenerator<object> {
  await mustBeFile(path);
  const whole = await wholeExport(path);
  if (whole) {
    yield* await exportedToRows(whole);
    return;
  }
  let number = 0;
  for await (const { lines } of documents(path)) {
    number += 1;
    const read = lines.map((line) => JSON.parse(new TextDecoder().decode(line)) as object);
    const [first] = read;
    if (isExport(first)) yield* await exportedToRows(first);
    else yield await fromOriginalRows(read.map((row) => checked(row, number)));
  }
  if (number === 0) throw new InvalidInput(`${path}: expected rows of an output file or exported sessions.`);
}

const documents = (path: string) => outputSessions(linesOf(createReadStream(path)));

const isExport = (value: unknown): value is ExportedSession =>
  typeof value === 'object' && value !== null && 'segments' in value && 'status' in value && 'version' in value;

function checked(row: object, number: number): OriginalRow {
  const parsed = originalRow.safeParse(row);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InvalidInput(`Session ${number}: ${issue?.path.join('.')}: ${issue?.message}`);
}

/** An export is one document over many lines. */
async function wholeExport(path: string): Promise<ExportedSession | undefined> {
  if (!path.endsWith('.json')) return undefined;
  const value: unknown = JSON.parse(await readFile(path, 'utf8'));
  if (!isExport(value)) throw new InvalidInput(`${path}: expected an exported session.`);
  return value;
}
