import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { handOver } from '../heartbeat.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { sessionWorkspace } from '../session/session-workspace.ts';
import { steadyNow } from '../steady-now.ts';
import { endWorkspace } from './end-workspace.ts';
import { ownerOf, temporalServiceOf } from './owner.ts';
import { isSessionOver } from './session-over.ts';

/** The server may be what was away. */
const TRIES = 5;
const AGAIN_MS = 5000;

/**
 * Wraps activities that write into a session's folders. An attempt that was taken for dead (its process was frozen, its
 * network away) can come to its end after the session's, and would leave folders and a container that nobody else
 * removes. So one that is late, or was told to stop, looks whether the session still goes on.
 */
export function tidyAfterLate({ stateDir, sandbox }: { stateDir: string; sandbox: Sandbox }) {
  async function tidy({ info, client }: Context, workspace: string): Promise<void> {
    if (!info.workflowExecution) return;
    const execution = { namespace: client.options.namespace, ...info.workflowExecution };
    const service = temporalServiceOf(client.connection);
    for (let tries = 1; tries <= TRIES; tries++) {
      try {
        const over = await isSessionOver(service, execution);
        if (over && !ownerOf(stateDir, workspace)?.unsaved) await endWorkspace(stateDir, workspace, sandbox);
        return;
      } catch {
        // The sweep remains.
        await sleep(AGAIN_MS, undefined, { ref: false });
      }
    }
  }

  return <Input, Output>(
    activity: (input: Input) => Promise<Output>,
    /** Default: the one that is named after the session. */
    workspaceOf: (input: Input) => string = () => sessionWorkspace(Context.current().info),
  ): ((input: Input) => Promise<Output>) =>
    async (input) => {
      try {
        return await activity(input);
      } finally {
        const context = Context.current();
        // Not waited for: what the attempt has to give is on its way at once.
        if (mayBeLate(context)) void tidy(context, workspaceOf(input));
      }
    };
}

/** Before its heartbeat timeout has passed, no server takes an attempt for dead. */
function mayBeLate(context: Context): boolean {
  const { info, cancellationSignal: signal } = context;
  if (signal.aborted) return handOver(context) === undefined;
  return steadyNow() - info.currentAttemptScheduledTimestampMs > (info.heartbeatTimeoutMs ?? 0);
}
