import type { TemporalService } from './owner.ts';

/** A workflow, and where it is known one of its runs. */
export interface Execution {
  namespace: string;
  workflowId: string;
  runId?: string;
}

/** `WORKFLOW_EXECUTION_STATUS_…` of what has ended: completed, failed, cancelled, terminated, timed out. */
const ENDED = [2, 3, 4, 5, 7];

/** Code of gRPC. */
const NOT_FOUND = 5;

/**
 * Whether a session's chain of runs is over, or unknown to the server; by the newest run of that id where no run is
 * given. While one runs, it may be the session that went on after a reset. @throws Error where the server does not tell
 */
export async function isSessionOver(
  service: TemporalService,
  { namespace, workflowId, runId }: Execution,
): Promise<boolean> {
  const describe = async (run?: string) =>
    (await service.describeWorkflowExecution({ namespace, execution: { workflowId, runId: run } }))
      .workflowExecutionInfo;
  try {
    const newest = await describe();
    if (ENDED.includes(newest?.status ?? 0)) return true;
    // The id may be a later session's by now.
    const first = newest?.firstRunId;
    if (runId === undefined || !first || first === runId || newest.execution?.runId === runId) return false;
    return (await describe(runId))?.firstRunId !== first;
  } catch (error) {
    const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
    if ((code ?? cause?.code) === NOT_FOUND) return true;
    throw error;
  }
}
