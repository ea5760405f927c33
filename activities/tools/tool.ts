import type { ZodType } from 'zod';
import type { ToolCallOutput, ToolName } from '../../protocol/tool-call.ts';
import type { Recorded } from '../lookup/recorded.ts';
import type { SessionOwner } from '../sandbox/sandbox.ts';

/** What a running tool gets besides its arguments. */
export interface ToolContext {
  /** Stable over retries; effects are recorded under it. */
  callId: string;
  /** For what costs money or much time: done once for this call, over all retries. */
  recorded: Recorded;
  /** Aborts on cancellation, time-out and worker shutdown. */
  signal: AbortSignal;
  /** Absolute folder of the session's workspace; exists. */
  workspace: string;
  /** The session's workflow, if there is one. */
  owner?: SessionOwner;
  /** Absolute folder of the session's documents, if it has one. */
  corpus?: string;
  /** Sessions with the same name share what their searches bring. */
  sharedSearches?: string;
}

/** One of the model's tools. */
export interface Tool<Arguments = never> {
  name: ToolName;
  /** Checks and normalises what the model wrote; its messages go back to the model. */
  arguments: ZodType<Arguments>;
  /** Throws `ToolError` with a plain sentence for what the model should know; anything else is a fault to retry. */
  run(args: Arguments, context: ToolContext): Promise<ToolCallOutput>;
}

/** A failure the model should read: final, never retried. */
export class ToolError extends Error {
  override name = 'ToolError';
}

/** A failure that may pass soon: the call is tried again, and where that does not help, this is its output. */
export class TryLater extends Error {
  override name = 'TryLater';
  readonly output: ToolCallOutput;
  /** Milliseconds to wait, where somebody said so. */
  readonly afterMs?: number;

  constructor(message: string, output: ToolCallOutput, afterMs?: number) {
    super(message);
    this.output = output;
    this.afterMs = afterMs;
  }
}
