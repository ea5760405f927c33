import type { Sandbox } from '../sandbox/sandbox.ts';
import { cleanupCalls } from './cleanup-calls.ts';
import { disown } from './owner.ts';
import { removeIndex } from './snapshot/index-file.ts';
import { removeWorkspace, workspacePath } from './workspace.ts';

/**
 * Ends all that this machine holds of a session: what still runs, its container, its records and its files. What the
 * session gives back is in the store by then. Repeating it does no harm.
 */
export async function endWorkspace(stateDir: string, workspace: string, sandbox: Sandbox): Promise<void> {
  await sandbox.end?.(workspacePath(stateDir, workspace));
  await cleanupCalls(stateDir, workspace);
  await removeWorkspace(stateDir, workspace);
  removeIndex(stateDir, workspace);
  // Last: while it is there, the sweep takes up what a crash has left.
  disown(stateDir, workspace);
}
