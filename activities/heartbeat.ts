import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { FAILURE } from '../protocol/names.ts';

/** Cancellation reaches an activity only with a heartbeat, and a dead worker is noticed by their absence. */
const EVERY_MS = 2000;

/**
 * Heartbeats while `work` runs, with the details it has then. A quick call costs none. The worker must not hold them
 * back for as long (`HEARTBEAT_THROTTLE`), or the server's details are up to two intervals old.
 */
export async function withHeartbeat<T>(
  work: () => Promise<T>,
  details: () => unknown = () => undefined,
  everyMs = EVERY_MS,
): Promise<T> {
  const context = Context.current();
  const beat = () => context.heartbeat(details());
  const timer = setInterval(beat, everyMs);
  try {
    return await work();
  } catch (error) {
    // What the next attempt should know of this one.
    beat();
    throw handOver(context) ?? error;
  } finally {
    clearInterval(timer);
  }
}

/**
 * What ends an activity whose worker was told to stop: another is to go on at once. As a mere failure it would wait as
 * long as after a fault.
 */
export function handOver({ cancellationSignal: { reason } }: Context): ApplicationFailure | undefined {
  if (!(reason instanceof CancelledFailure) || reason.message !== 'WORKER_SHUTDOWN') return undefined;
  const message = 'The worker was told to stop; another goes on.';
  return ApplicationFailure.create({ message, type: FAILURE.workerStopped, nextRetryDelay: 1 });
}
