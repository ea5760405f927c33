import { Context } from '@temporalio/activity';
import type { Concluded, ConcludeInput } from '../../protocol/activities.ts';
import type { Accounts } from '../batch/accounts.ts';
import type { Cache } from '../cache/index.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { artifactsOf } from '../workspace/artifacts.ts';
import { endWorkspace } from '../workspace/end-workspace.ts';
import type { Kept } from '../workspace/keep.ts';
import { leaveToUser } from '../workspace/owner.ts';
import type { SessionFiles } from '../workspace/session-files.ts';
import { workspacePath } from '../workspace/workspace.ts';
import { answerChecker } from './check-answer.ts';
import { takeAccount } from './given-accounts.ts';

/** A store that is away for longer than this (some minutes) costs the session its artifacts, not its answer. */
const MOST_TRIES = 8;

export interface ConcludeOptions {
  stateDir: string;
  sandbox: Sandbox;
  kept: Kept;
  files: SessionFiles;
  /** Where pages are kept with which claims are compared. */
  cache: Cache;
  /** Where sessions of a batch leave what their rows need. */
  accounts: Accounts;
}

/**
 * The activity `conclude`: keeps and lists the files that the session gives back, checks what its answer claims, and
 * ends what it has on this host.
 */
export function makeConclude({ stateDir, sandbox, kept, files, cache, accounts }: ConcludeOptions) {
  const check = answerChecker(cache);

  async function artifacts({ session, given }: ConcludeInput): Promise<Concluded & { unsaved?: true }> {
    try {
      const { queue } = files.here;
      const found = await artifactsOf({ stateDir, kept, files }, session, given);
      return found.artifacts.length > 0 && queue ? { ...found, artifactsAt: queue } : found;
    } catch (error) {
      if (Context.current().info.attempt < MOST_TRIES) throw error;
      const artifactsNote = `The files could not be saved (${(error as Error).message}); they stay in the workspace ${session.workspace} on the machine of their worker.`;
      return { artifacts: [], artifactsNote, unsaved: true };
    }
  }

  return (input: ConcludeInput): Promise<Concluded> =>
    withHeartbeat(async () => {
      const { session, answered, keep, batch } = input;
      const { workspace } = session;
      const account = takeAccount(Context.current().info.workflowExecution!.runId);
      if (!keep) await sandbox.end?.(workspacePath(stateDir, workspace));
      const { unsaved, ...found } = await artifacts(input);
      const left = batch === undefined ? undefined : await accounts.leave(batch, account?.account);
      const concluded = {
        ...found,
        ...(answered && (await check(found.artifacts, account))),
        ...(left === undefined ? {} : { account: left }),
      };
      // Somebody may still want what could not be saved: not even the sweep shall take it.
      if (unsaved) leaveToUser(stateDir, workspace);
      else if (!keep) await endWorkspace(stateDir, workspace, sandbox);
      return concluded;
    });
}
