import type { Sandbox } from '../sandbox/sandbox.ts';
import { endWorkspace } from './end-workspace.ts';
import { clusterOf, ownersIn, type TemporalService } from './owner.ts';
import { isSessionOver } from './session-over.ts';

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
    if (!(await isSessionOver(service, owner))) continue;
    await endWorkspace(stateDir, owner.workspace, sandbox);
    swept.push(owner.workspace);
  }
  return swept;
}
