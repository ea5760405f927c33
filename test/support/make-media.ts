import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Makes images, videos and sounds with ffmpeg; the words are those between `ffmpeg` and the file. */
export async function makeMedia(file: string, words: string): Promise<string> {
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...words.split(' '), file]);
  return file;
}

/** A test card of that size, one second of 10 frames a second for each `seconds`. */
export const card = (width: number, height: number, seconds = 1): string =>
  `-f lavfi -i testsrc=s=${width}x${height}:r=10:d=${seconds}`;
