import type { Info } from '@temporalio/activity';
import { workspaceName } from '../workspace/workspace.ts';

/** The name of a session's workspace: readable, and its own for each session that had the id. */
export function sessionWorkspace({ workflowExecution }: Info): string {
  const { workflowId = '', runId = '' } = workflowExecution ?? {};
  return workspaceName(`${workflowId.slice(0, 80)}-${runId.slice(0, 8)}`);
}
