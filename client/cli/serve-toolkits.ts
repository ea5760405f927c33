import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT } from './exit.ts';

/** The worker's program: a client has none of its code. */
const PROGRAM = fileURLToPath(new URL(`../../worker/toolkits/main${extname(import.meta.url)}`, import.meta.url));

/** Runs the tool service in a process of its own, with this one's terminal, and hands signals on. */
export async function serveToolkits(args: string[]): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: 'inherit' });
  // Ctrl-C reaches the child by itself, a signal to this process alone does not.
  const handOn = () => child.kill('SIGTERM');
  process.once('SIGTERM', handOn);
  const [code] = (await once(child, 'exit')) as [number | null];
  process.off('SIGTERM', handOn);
  return code ?? EXIT.interrupted;
}
