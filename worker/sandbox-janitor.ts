import type { NativeConnection } from '@temporalio/worker';
import { log } from '../activities/log.ts';
import { type Janitor, startJanitor } from '../activities/sandbox/docker/janitor.ts';
import type { SessionOwner } from '../activities/sandbox/sandbox.ts';
import type { Configuration } from './configuration/index.ts';

/** Code of gRPC. */
const NOT_FOUND = 5;

/** `WORKFLOW_EXECUTION_STATUS_RUNNING` and `…_PAUSED`. */
const OPEN = [1, 8];

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

/** Whether a session's chain of runs is over; undefined where the server does not tell. */
export async function isOver(
  connection: Pick<NativeConnection, 'workflowService'>,
  { namespace, workflowId, runId }: SessionOwner,
): Promise<boolean | undefined> {
  const describe = async (run?: string) =>
    (await connection.workflowService.describeWorkflowExecution({ namespace, execution: { workflowId, runId: run } }))
      .workflowExecutionInfo;
  try {
    const newest = await describe();
    if (!OPEN.includes(newest?.status ?? OPEN[0]!)) return true;
    // The id may be a later session's by now.
    const first = newest?.firstRunId;
    if (!first || first === runId || newest.execution?.runId === runId) return false;
    return (await describe(runId))?.firstRunId !== first;
  } catch (error) {
    return (error as { code?: unknown }).code === NOT_FOUND ? true : undefined;
  }
}
