import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const WORKER = fileURLToPath(new URL('./worker-main.ts', import.meta.url));

/** A worker in a process of its own that is started again when it dies. */
export async function superviseWorker(env: NodeJS.ProcessEnv, onRestart: () => void): Promise<() => Promise<void>> {
  let stopping = false;
  let child: ChildProcess;
  const start = () =>
    new Promise<void>((resolve, reject) => {
      // Detached: the terminal's Ctrl-C is for the command, which stops its worker in order.
      child = fork(WORKER, { env, detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      child.once('message', () => resolve());
      child.once('exit', () => {
        reject(new Error('The worker ended before it was ready.'));
        if (stopping) return;
        onRestart();
        setTimeout(() => !stopping && start().catch(() => {}), 1000);
      });
    });
  await start();
  return () =>
    new Promise((resolve) => {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
      child.once('exit', () => {
        clearTimeout(force);
        resolve();
      });
      child.kill('SIGTERM');
    });
}
