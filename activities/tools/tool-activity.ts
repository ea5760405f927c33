import { Context, type Info } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { FAILURE } from '../../protocol/names.ts';
import { type ToolCallInput, type ToolCallOutput, usesWorkspace } from '../../protocol/tool-call.ts';
import { isDiskFull } from '../disk-full.ts';
import { handOver, withHeartbeat } from '../heartbeat.ts';
import { callRecords } from '../lookup/recorded.ts';
import type { SessionOwner } from '../sandbox/sandbox.ts';
import { errorText } from '../tool-service/error-text.ts';
import { claimWorkspace } from '../workspace/owner.ts';
import type { SessionFiles } from '../workspace/session-files.ts';
import { ensureWorkspace } from '../workspace/workspace.ts';
import type { ServedTool } from './served-tool.ts';
import { ToolError, TryLater } from './tool.ts';

/** A fault that comes back this often is the tool's and not the moment's. */
const MOST_TRIES = 4;

export interface ToolActivityOptions {
  /** Folder for workspaces and call records. */
  stateDir: string;
  /** Of the sessions, by which containers are told to be this worker's to remove. */
  taskQueue?: string;
  /** A failure is `{"error": …}` instead of a plain sentence. */
  jsonErrors?: boolean;
  /** Keeps the workspaces; without it they are folders of this machine and no more. */
  files?: SessionFiles;
}

/** Makes a tool an activity: heartbeats, and every failure for good a sentence for the model. */
export function toolActivity(tool: ServedTool, { stateDir, jsonErrors, taskQueue, files }: ToolActivityOptions) {
  const run = async (input: ToolCallInput, workspace: string): Promise<ToolCallOutput> => {
    const { callId, arguments: raw, session } = input;
    const { cancellationSignal: signal, info } = Context.current();
    try {
      return await tool.call(raw, {
        callId,
        recorded: callRecords(stateDir, session.workspace, callId),
        signal,
        workspace,
        owner: ownerOf(info, taskQueue),
        ...(session.corpus ? { corpus: session.corpus } : {}),
        ...(session.sharedSearches ? { sharedSearches: session.sharedSearches } : {}),
      });
    } catch (error) {
      if (error instanceof ToolError) return { text: errorText(error.message, jsonErrors), failed: true };
      if (signal.aborted || !(error instanceof TryLater)) throw error;
      const output = tryLater(error, info.attempt);
      return output.failed ? { ...output, text: errorText(output.text, jsonErrors) } : output;
    }
  };

  return async (input: ToolCallInput): Promise<ToolCallOutput> => {
    const { cancellationSignal: signal, info } = Context.current();
    try {
      return await withHeartbeat(async () => {
        if (!files || !usesWorkspace(tool.name)) {
          await claimWorkspace(stateDir, input.session.workspace);
          return run(input, await ensureWorkspace(stateDir, input.session.workspace));
        }
        const { folder, instead } = await files.open(input, tool.effectful);
        return instead
          ? { ...instead, workspace: { ...files.here, ...instead.workspace } }
          : files.close(input, tool.effectful, await run(input, folder));
      });
    } catch (error) {
      if (signal.aborted) throw handOver(Context.current()) ?? signal.reason;
      // A full disk is the machine's: somebody makes room, or another machine takes the call.
      if (info.attempt < MOST_TRIES || isDiskFull(error)) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw ApplicationFailure.nonRetryable(why, FAILURE.toolFailed);
    }
  };
}

function ownerOf({ namespace, workflowExecution }: Info, taskQueue: string | undefined): SessionOwner | undefined {
  const { workflowId, runId } = workflowExecution ?? {};
  return workflowId && runId && taskQueue ? { namespace, taskQueue, workflowId, runId } : undefined;
}

/** Where nobody says how long to wait: 2, 4 and 6 s. */
const UNTOLD_WAIT_MS = 2000;

function tryLater({ message, output, afterMs }: TryLater, attempt: number): ToolCallOutput {
  if (attempt >= MOST_TRIES) return output;
  const nextRetryDelay = afterMs ?? attempt * UNTOLD_WAIT_MS;
  throw ApplicationFailure.create({ message, type: FAILURE.toolFailed, nextRetryDelay });
}
