import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { BrokenLine } from '../../protocol/batch.ts';
import { linesOf } from '../../protocol/lines.ts';
import { readInputLine, rowKey } from '../../protocol/original/input-row.ts';
import { InvalidInput } from '../errors.ts';

export interface Questions {
  rows: Record<string, unknown>[];
  broken: BrokenLine[];
  /** Rows whose id and question another has as well. */
  duplicates: number;
}

/** Reads a file of questions whole. Lines that cannot be read are told by their numbers. Throws `InvalidInput`. */
export async function readQuestions(path: string): Promise<Questions> {
  await mustBeFile(path);
  const rows: Record<string, unknown>[] = [];
  const broken: BrokenLine[] = [];
  const keys = new Set<string>();
  const decoder = new TextDecoder();
  let line = 0;
  for await (const { bytes } of linesOf(createReadStream(path))) {
    line += 1;
    const row = readInputLine(decoder.decode(bytes));
    if (row === undefined) continue;
    if ('error' in row) broken.push({ line, reason: row.error });
    else {
      rows.push(row.src);
      keys.add(rowKey(row.src));
    }
  }
  if (rows.length === 0) {
    const [first] = broken;
    throw new InvalidInput(
      `${path}: ${first ? `line ${first.line}: ${first.reason}` : 'there are no questions in it'}.`,
    );
  }
  return { rows, broken, duplicates: rows.length - keys.size };
}

export async function mustBeFile(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (!there?.isFile()) throw new InvalidInput(`There is no file "${path}".`);
}
