import { createReadStream } from 'node:fs';

const CHUNK = 1 << 20;

/** The bytes of a file, or none where it is not there. */
export async function* fileChunks(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: CHUNK });
  } catch (error) {
    if (!['ENOENT', 'EISDIR'].includes(String((error as NodeJS.ErrnoException).code))) throw error;
  }
}
