import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { appendFile, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { linesOf } from '../../protocol/lines.ts';
import { outputSessions } from '../../protocol/original/sessions.ts';
import { fileOf, type OutputSource } from './output-source.ts';

/** Keeps a copy of a batch's output up to date; see `copyOutput`. */
export interface OutputCopy {
  files: string[];
  /** Appends the rows that have come since. */
  update(): Promise<void>;
}

/**
 * Copies the workers' output to files of one's own, row by row as they come. What a file has already that is finished
 * stays, also of earlier runs; a row is never there twice, and what a crash has cut is mended.
 *
 * @param to a folder, or with one rollout a file that ends in `.jsonl`
 * @param also files of earlier runs whose finished rows are taken over
 */
export async function copyOutput(
  from: OutputSource,
  to: string,
  rollouts: number,
  also: readonly string[] = [],
): Promise<OutputCopy> {
  const copies = await Promise.all(ownFiles(to, rollouts).map((file, index) => copyFile(from, file, index + 1, also)));
  return {
    files: copies.map(({ file }) => file),
    async update() {
      for (const copy of copies) await copy.update();
    },
  };
}

/** The files of one's own copy: a folder's, or with one rollout a file that ends in `.jsonl`. */
export function ownFiles(to: string, rollouts: number): string[] {
  if (rollouts === 1 && to.endsWith('.jsonl')) return [to];
  return Array.from({ length: rollouts }, (_, index) => join(to, fileOf(index + 1)));
}

async function copyFile(source: OutputSource, file: string, rollout: number, also: readonly string[]) {
  const known = (await keepFinished([file, ...also], file, rollout)).lines;
  let read = 0;
  return {
    file,
    async update(): Promise<void> {
      const bytes = await source.read(rollout, read);
      const end = bytes.lastIndexOf(10) + 1;
      // A last line without an end is still being written.
      if (end === 0) return;
      const fresh: Uint8Array[] = [];
      for await (const { bytes: line } of linesOf(once(bytes.subarray(0, end)))) {
        const name = hashOf(line);
        const left = known.get(name) ?? 0;
        if (left > 0) known.set(name, left - 1);
        else fresh.push(line, NEWLINE);
      }
      if (fresh.length > 0) await appendFile(file, Buffer.concat(fresh), { flush: true });
      read += end;
      // There may be more than is read at once.
      await this.update();
    },
  };
}

const NEWLINE = Uint8Array.of(10);
/** What a file of one's own has finished: its lines by their hashes, and how often each question by its row's key. */
interface Kept {
  lines: Map<string, number>;
  keys: Map<string, number>;
}

/** Writes a file anew with the sessions that are finished in these files. */
export async function keepFinished(sources: readonly string[], file: string, rollout: number): Promise<Kept> {
  await mkdir(dirname(file), { recursive: true });
  const kept: Kept = { lines: new Map(), keys: new Map() };
  const draft = `${file}.draft`;
  const out = createWriteStream(draft, { flush: true });
  for (const source of sources) {
    if (!existsSync(source)) continue;
    for await (const session of outputSessions(linesOf(createReadStream(source)))) {
      if (!session.finished || session.rollout !== rollout) continue;
      const names = session.lines.map(hashOf);
      // The same session stands in several of the files.
      if (source !== file && names.every((name) => kept.lines.has(name))) continue;
      countUp(kept.keys, session.key);
      for (const [index, name] of names.entries()) {
        countUp(kept.lines, name);
        out.write(session.lines[index]);
        out.write('\n');
      }
    }
  }
  out.end();
  await finished(out);
  await rename(draft, file);
  return kept;
}

const countUp = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);

const hashOf = (line: Uint8Array): string => createHash('sha256').update(line).digest('base64');

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
