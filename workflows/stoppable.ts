import type { Runtime } from './runtime.ts';

/** Runs work until it ends or `stop` holds; then it is cut short and rejects with `Cancelled`. */
export async function runUnless<T>(runtime: Runtime, stop: () => boolean, work: () => Promise<T>): Promise<T> {
  const running = runtime.stoppable(work);
  let settled = false;
  const settle = () => {
    settled = true;
  };
  running.result.then(settle, settle);
  await runtime.until(() => settled || stop());
  if (!settled) running.stop();
  return running.result;
}
