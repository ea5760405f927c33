import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const WORKER = fileURLToPath(new URL('./worker-main.ts', import.meta.url));

/** A worker in a process of its own that is started again when it dies. Rejects where it does not come up at first. */
export async function superviseWorker(env: NodeJS.ProcessEnv, onRestart: () => void): Promise<() => Promise<void>> {
  let stopping = false;
  let child: ChildProcess;
  const start = (again: boolean) =>
    new Promise<void>((resolve, reject) => {
      // Detached: the terminal's Ctrl-C is for the command, which stops its worker in order.
      child = fork(WORKER, { env, detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      let wasReady = false;
      child.once('message', () => {
        wasReady = true;
        resolve();
      });
      child.once('exit', () => {
        // What it wrote stands above. A first start that fails will fail again: something is to be mended first.
        if (!wasReady) reject(new Error('The worker could not start.'));
        if (stopping || !(wasReady || again)) return;
        onRestart();
        setTimeout(() => !stopping && start(true).catch(() => {}), 1000);
      });
    });
  await start(false);
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
