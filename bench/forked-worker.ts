import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** The worker that is measured, in a process of its own. */
export interface ForkedWorker {
  child: ChildProcess;
  pid: number;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>;
}

/** Starts a worker's program, which sends a message when it serves, with exactly this environment. */
export async function forkWorker(
  program: string,
  { args = [], cwd, env }: { args?: string[]; cwd?: string; env: NodeJS.ProcessEnv },
): Promise<ForkedWorker> {
  const child = fork(program, args, { cwd, env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  const early = exited.then(() => {
    throw new Error('The worker ended before it was ready.');
  });
  early.catch(() => {});
  await Promise.race([once(child, 'message'), early]);
  return {
    child,
    pid: child.pid as number,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
