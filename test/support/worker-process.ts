import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const WORKER = fileURLToPath(new URL('../../local/worker-main.ts', import.meta.url));

export interface WorkerProcess {
  pid: number;
  /** What it wrote to its standard output and error so far. */
  output(): string;
  /** SIGTERM, and waits for the end. Resolves to the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** Resolves when it has ended, for whatever reason. */
  exited: Promise<void>;
}

/**
 * Starts a worker that ends with this process, with exactly this environment, and resolves when it serves.
 *
 * @param program one that sends a message when it serves; default: the worker that users start
 */
export async function startWorker(env: NodeJS.ProcessEnv, program = WORKER): Promise<WorkerProcess> {
  const child = fork(program, { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let output = '';
  const exited = once(child, 'exit');
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const early = exited.then(() => {
    throw new Error(`The worker ended before it was ready:\n${output}`);
  });
  early.catch(() => {});
  await Promise.race([once(child, 'message'), early]);
  return {
    pid: child.pid as number,
    output: () => output,
    exited: exited.then(() => {}),
    async stop() {
      if (isUp(child)) child.kill('SIGTERM');
      await exited;
      return child.exitCode;
    },
    async kill() {
      if (isUp(child)) child.kill('SIGKILL');
      await exited;
    },
  };
}

const isUp = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;
