/**
 * Whether an aborted activity means that its command should stop, from the signal's reason.
 *
 * Only Temporal's request to cancel does. With every other reason an attempt that follows waits for the same command:
 * `WORKER_SHUTDOWN`, `TIMED_OUT` and `NOT_FOUND` (the server gave this attempt up, perhaps for a newer one), `PAUSED`,
 * `RESET`. What nobody comes back for ends at its own time limit, or with the session.
 */
export function stopMeansKill(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'CancelledFailure' && reason.message === 'CANCELLED';
}
