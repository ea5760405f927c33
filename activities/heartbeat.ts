import { Context } from '@temporalio/activity';

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
    throw error;
  } finally {
    clearInterval(timer);
  }
}
