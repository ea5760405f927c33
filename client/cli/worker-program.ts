import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT } from './exit.ts';

/** Programs of the worker: a client has none of its code. */
export type WorkerProgram = 'toolkits' | 'skills' | 'doctor';

/** Runs one in a process of its own, with this one's terminal, and hands signals on. */
export async function runWorkerProgram(name: WorkerProgram, args: string[]): Promise<number> {
  const program = fileURLToPath(new URL(`../../worker/${name}/main${extname(import.meta.url)}`, import.meta.url));
  const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });
  // Ctrl-C reaches the child by itself, a signal to this process alone does not.
  const handOn = () => child.kill('SIGTERM');
  process.once('SIGTERM', handOn);
  const [code] = (await once(child, 'exit')) as [number | null];
  process.off('SIGTERM', handOn);
  return code ?? EXIT.interrupted;
}
