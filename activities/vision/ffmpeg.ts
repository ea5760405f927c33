import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The programs that read videos. */
export interface Ffmpeg {
  ffmpeg: string;
  ffprobe: string;
}

let found: Promise<Ffmpeg | undefined> | undefined;

/** ffmpeg and ffprobe of this machine's PATH; undefined where one of them is missing. Looked for once. */
export function ffmpeg(): Promise<Ffmpeg | undefined> {
  found ??= look();
  return found;
}

async function look(): Promise<Ffmpeg | undefined> {
  try {
    const limits = { timeout: 20_000, killSignal: 'SIGKILL' } as const;
    await Promise.all(['ffmpeg', 'ffprobe'].map((program) => run(program, ['-version'], limits)));
    return { ffmpeg: 'ffmpeg', ffprobe: 'ffprobe' };
  } catch {
    return undefined;
  }
}
