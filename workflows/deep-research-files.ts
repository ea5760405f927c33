import * as wf from '@temporalio/workflow';
import type { SessionActivities } from '../protocol/activities.ts';
import type { FilePiece } from '../protocol/files.ts';

/** How long a host may take to answer a client that waits for a file; then any other worker is asked. */
const HOST_TIMEOUT = '30s';

const options = { startToCloseTimeout: '2m', retry: { maximumAttempts: 5 } };

/**
 * One piece of a file between a client and a worker that share no store. A piece that a client gives stands in this
 * workflow's input, where `prepare` reads it; one that it asks for is the result.
 */
export async function deepResearchFiles(piece: FilePiece): Promise<string | undefined> {
  if ('bytes' in piece) return undefined;
  const { queue, ...asked } = piece;
  const anywhere = wf.proxyActivities<Pick<SessionActivities, 'readFile'>>(options);
  if (!queue) return anywhere.readFile(asked);
  const there = wf.proxyActivities<Pick<SessionActivities, 'readFile'>>({
    ...options,
    taskQueue: queue,
    scheduleToStartTimeout: HOST_TIMEOUT,
  });
  try {
    return await there.readFile(asked);
  } catch (error) {
    const cause = error instanceof wf.ActivityFailure ? error.cause : undefined;
    if (!(cause instanceof wf.TimeoutFailure)) throw error;
    return anywhere.readFile(asked);
  }
}
