import type { NativeConnection } from '@temporalio/worker';
import { log } from '../activities/log.ts';
import { type TemporalService, temporalServiceOf } from '../activities/workspace/owner.ts';

const EVERY_MS = 3_600_000;

/** Removes the workspaces of sessions that ended without their worker. */
export type Sweep = (service: TemporalService, namespace: string) => Promise<string[]>;

/** Sweeps now and once an hour; the end of the process ends it as well. */
export function keepSweeping(sweep: Sweep, connection: NativeConnection, namespace: string): () => void {
  const once = () =>
    sweep(temporalServiceOf(connection), namespace).then(
      (swept) => {
        if (swept.length > 0) log.warn(`Removed what sessions that are over had left: ${swept.join(', ')}`);
      },
      // The server is away or the disk is full: the next hour will do.
      () => {},
    );
  void once();
  const timer = setInterval(once, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
