import { CommanderError } from 'commander';
import { DeepResearchError, InvalidInput, plainMessage } from '../errors.ts';
import { cleanLine } from './text.ts';

/** Exit codes of the command line. */
export const EXIT = { answered: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Ends the process's work with a code, without a word of its own. */
export class Exit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** Says what went wrong in one line (with `DEBUG` set, the stack as well) and gives the exit code. */
export function report(
  error: unknown,
  err: { write(text: string): unknown },
  env = process.env,
  name = 'deep-research',
): number {
  if (error instanceof Exit) return error.code;
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.answered : EXIT.usage;
  const message = error instanceof DeepResearchError ? error.message : plainMessage(error);
  err.write(`${name}: ${cleanLine(message)}\n`);
  if (env.DEBUG && error instanceof Error)
    err.write(
      `${error.stack}\n${error.cause ? `caused by ${String((error.cause as Error).stack ?? error.cause)}\n` : ''}`,
    );
  return error instanceof InvalidInput ? EXIT.usage : EXIT.failed;
}
