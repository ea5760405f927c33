import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { FAILURE } from '../protocol/names.ts';
import { steadyNow } from './steady-now.ts';

/** Cancellation reaches an activity only with a heartbeat, and a dead worker is noticed by their absence. */
const EVERY_MS = 2000;

/** A cancel is to be there within five seconds, and four heartbeats may be lost before the timeout of 20 s. */
const LONGEST_MS = 4000;

/**
 * How long after one heartbeat the next one comes. Each is a transaction of the server's database, with all that was
 * generated so far; so the longer a call has run, the rarer they are: no more than a tenth of its work is unreported.
 */
export const heartbeatPause = (ageMs: number, everyMs: number): number =>
  Math.max(everyMs, Math.min(ageMs / 10, LONGEST_MS));

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
  const began = steadyNow();
  const beat = () => context.heartbeat(details());
  const again = () => {
    beat();
    timer = setTimeout(again, heartbeatPause(steadyNow() - began, everyMs));
  };
  let timer = setTimeout(again, everyMs);
  try {
    return await work();
  } catch (error) {
    // What the next attempt should know of this one.
    beat();
    throw handOver(context) ?? error;
  } finally {
    clearTimeout(timer);
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
