import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

const WORKER = fileURLToPath(new URL(`./worker-main${extname(import.meta.url)}`, import.meta.url));

/**
 * A worker in a process of its own that is started again when it dies. What it writes goes to the file `log`, for the
 * terminal is in use. Rejects with its words where it does not come up at first.
 */
export async function superviseWorker(
  env: NodeJS.ProcessEnv,
  log: string,
  onRestart: () => void,
): Promise<() => Promise<void>> {
  let stopping = false;
  let child: ChildProcess;
  const start = (again: boolean) =>
    new Promise<void>((resolve, reject) => {
      // Detached: the terminal's Ctrl-C is for the command, which stops its worker in order.
      const file = openSync(log, 'a', 0o600);
      const before = statSync(log).size;
      // Somebody waits for an answer: better to hear at once that there is no model.
      child = fork(WORKER, ['--need-model'], { env, detached: true, stdio: ['ignore', 'ignore', file, 'ipc'] });
      closeSync(file);
      let wasReady = false;
      child.once('message', () => {
        wasReady = true;
        resolve();
      });
      child.once('exit', () => {
        // A first start that fails will fail again: something is to be mended first.
        if (!wasReady) reject(new Error(wordsSince(log, before) || `The worker could not start; see ${log}.`));
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

const wordsSince = (log: string, start: number): string => readFileSync(log).subarray(start).toString().trim();
