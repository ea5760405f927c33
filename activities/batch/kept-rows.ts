import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { linesOf } from '../../protocol/lines.ts';
import { outputSessions } from '../../protocol/original/sessions.ts';

/** How often each question is finished in output files, by the key of its row. */
export type Finished = Map<string, number>;

/**
 * Writes what earlier output files of a rollout hold that is finished: whole sessions, ours or the original's. Rows that
 * failed, and a line that a crash has cut, are left out, so that they run again. At most `wanted` sessions of a key are
 * kept: files may overlap.
 *
 * @returns the bytes, and what is finished
 */
export async function keepFinished(
  sources: readonly AsyncIterable<Uint8Array>[],
  into: string,
  rollout: number,
  wanted: (key: string) => number,
): Promise<{ bytes: number; finished: Finished }> {
  const kept: Finished = new Map();
  let bytes = 0;
  const out = createWriteStream(into, { mode: 0o600, flush: true });
  try {
    for (const source of sources) {
      for await (const session of outputSessions(linesOf(source))) {
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
  return { bytes, finished: kept };
}
