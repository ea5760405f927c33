import type { NativeConnection } from '@temporalio/worker';
import { log } from '../activities/log.ts';
import { type Janitor, startJanitor } from '../activities/sandbox/docker/janitor.ts';
import type { SessionOwner } from '../activities/sandbox/sandbox.ts';
import { temporalServiceOf } from '../activities/workspace/owner.ts';
import { isSessionOver } from '../activities/workspace/session-over.ts';
import type { Configuration } from './configuration/index.ts';

/** Where this worker has containers: removes those whose session is over, until it is stopped. */
export function startSandboxJanitor(
  { docker, roles, stateDir, taskQueue }: Configuration,
  connection: NativeConnection,
  namespace: string,
): Janitor | undefined {
  if (!docker || (roles && !roles.includes('sandbox'))) return undefined;
  return startJanitor({
    stateDir,
    namespace,
    taskQueue,
    isOver: (owner) => isOver(connection, owner),
    onProblem: log.warn,
  });
}

/** Whether a session is over; undefined where the server does not tell: the next look will. */
export const isOver = (
  connection: Pick<NativeConnection, 'workflowService'>,
  owner: SessionOwner,
): Promise<boolean | undefined> => isSessionOver(temporalServiceOf(connection), owner).catch(() => undefined);
