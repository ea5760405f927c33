import { ToolError } from '../tools/tool.ts';
import { ProgramFailure, type ProgramLimits } from './contained-program.ts';

/** What the model is told of a file that a program could not take apart. */
export interface MediaWords {
  /** Such as `cannot be shown`. */
  cannot: string;
  /** It is no such file, or broken. */
  damaged: string;
  /** It names other files, as playlists do. Default: as `damaged`. */
  foreign?: string;
  /** It came to more than the program may print. Default: as `damaged`. */
  tooLarge?: string;
}

/** Waits for a program's work on a file. @throws ToolError in a sentence about the file where it did not come to its end */
export async function toldOfFile<T>(
  name: string,
  work: Promise<T>,
  limits: Pick<ProgramLimits, 'seconds' | 'memoryMb'>,
  words: MediaWords,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ProgramFailure)) throw error;
    throw new ToolError(`${name} ${words.cannot}: ${reasonOf(error, limits, words)}.`);
  }
}

function reasonOf(
  { why, said }: ProgramFailure,
  limits: Pick<ProgramLimits, 'seconds' | 'memoryMb'>,
  { damaged, foreign = damaged, tooLarge = damaged }: MediaWords,
): string {
  if (why === 'time') return `decoding it takes longer than ${limits.seconds} seconds`;
  if (why === 'memory') return `decoding it takes more than ${limits.memoryMb} MB of memory`;
  if (why === 'output') return tooLarge;
  return /not in allowed list|not on whitelist/i.test(said) ? foreign : damaged;
}
