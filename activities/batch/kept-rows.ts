import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { outputSessions } from '../../protocol/original/sessions.ts';
import { fileLines } from './lines.ts';

/** How often each question is finished in output files, by the key of its row. */
export type Finished = Map<string, number>;

/**
 * Writes the output file of a rollout anew with what earlier files hold of it that is finished: whole sessions, ours or
 * the original's. Rows that failed, and a line that a crash has cut, are left out, so that they run again. At most
 * `wanted` sessions of a key are kept: files may overlap.
 *
 * @returns the file's bytes, and what is finished
 */
export async function keepFinished(
  sources: readonly string[],
  into: string,
  rollout: number,
  wanted: (key: string) => number,
): Promise<{ bytes: number; finished: Finished }> {
  const kept: Finished = new Map();
  let bytes = 0;
  const draft = `${into}.draft`;
  const out = createWriteStream(draft, { mode: 0o600, flush: true });
  try {
    for (const source of sources) {
      if (!(await isFile(source))) continue;
      for await (const session of outputSessions(fileLines(source))) {
        const already = kept.get(session.key) ?? 0;
        if (!session.finished || session.rollout !== rollout || already >= wanted(session.key)) continue;
        kept.set(session.key, already + 1);
        for (const line of session.lines) {
          bytes += line.length + 1;
          out.write(line);
          if (!out.write('\n')) await once(out, 'drain');
        }
      }
    }
  } finally {
    out.end();
    await finished(out);
  }
  if (bytes > 0 || (await isFile(into))) await rename(draft, into);
  else await rm(draft);
  return { bytes, finished: kept };
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
