import { execFile } from 'node:child_process';

/** How a program ended, and what it wrote. */
export interface Ended {
  out: string;
  err: string;
  /** -1 where a signal ended it. */
  code: number;
}

/** Runs a program to its end, with exactly this environment. Never rejects. */
export function runProgram(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, args, { env }, (error, out, err) => {
      resolve({ out, err, code: error ? Number(error.code ?? -1) : 0 });
    });
  });
}

/** `deep-research …` as people and programs call it. */
export const runDeepResearch = (args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> =>
  runProgram(process.execPath, ['client/cli/main.ts', ...args], env);
