import { untilAborted } from '../web/until-aborted.ts';
import { ToolError } from './tool.ts';

/**
 * Runs work for at most `seconds`; then its signal aborts, and it is not waited for. Rejects with `ToolError` when the
 * time is up and with the reason of `signal` when that aborts.
 */
export async function withinTime<T>(
  name: string,
  seconds: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = AbortSignal.timeout(seconds * 1000);
  const either = AbortSignal.any([signal, limit]);
  try {
    return await untilAborted(work(either), either);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (!limit.aborted) throw error;
    throw new ToolError(`${name} was stopped: it did not finish within ${seconds} s.`);
  }
}
