import type { Sandbox } from '../sandbox/sandbox.ts';
import { endWorkspace } from './end-workspace.ts';
import { clusterOf, type Owner, ownersIn, type TemporalService } from './owner.ts';

/** `WORKFLOW_EXECUTION_STATUS_…` of what has ended: completed, failed, cancelled, terminated, timed out. */
const ENDED = [2, 3, 4, 5, 7];

const NOT_FOUND = 5;

export interface SweepOptions {
  stateDir: string;
  sandbox: Sandbox;
  service: TemporalService;
  namespace: string;
}

/**
 * Removes the workspaces of sessions that ended without a word (terminated, killed with their worker, removed from the
 * server). Only those of this server and namespace that the server says are over, or does not know; gives their names.
 */
export async function sweepWorkspaces({ stateDir, sandbox, service, namespace }: SweepOptions): Promise<string[]> {
  const owners = ownersIn(stateDir);
  if (owners.length === 0) return [];
  const cluster = await clusterOf(service);
  const swept: string[] = [];
  for (const owner of owners) {
    if (owner.unsaved || cluster === '' || owner.cluster !== cluster || owner.namespace !== namespace) continue;
    if (!(await isOver(service, owner))) continue;
    await endWorkspace(stateDir, owner.workspace, sandbox);
    swept.push(owner.workspace);
  }
  return swept;
}

/** By the newest run of that id: while one runs, it may be the session that went on after a reset. */
export async function isOver(
  service: TemporalService,
  { namespace, workflowId }: Pick<Owner, 'namespace' | 'workflowId'>,
): Promise<boolean> {
  try {
    const { workflowExecutionInfo } = await service.describeWorkflowExecution({ namespace, execution: { workflowId } });
    return ENDED.includes(workflowExecutionInfo?.status ?? 0);
  } catch (error) {
    const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
    if ((code ?? cause?.code) === NOT_FOUND) return true;
    throw error;
  }
}
