import type { Call, Usage } from './reply.ts';

/**
 * One message of the transcript, as the model sees it.
 *
 * With the text protocol (S1) `content` holds the exact text: an assistant's message with its `<think>` and
 * `<tool_call>` parts, a results message as one run of `<tool_response>` blocks. With native tool calls the
 * structured fields carry what the text does not.
 */
export type Message =
  | { role: 'system'; content: string }
  | { role: 'user'; content: string; results?: NativeResult[]; notes?: string[] }
  | { role: 'assistant'; content: string; reasoning?: string; calls?: Call[]; native?: unknown };

/** One tool's result for an API with native tool calls. */
export interface NativeResult {
  /** The provider's id of the call. */
  id: string;
  name: string;
  text: string;
}

/** A closed stretch of the trajectory, or the current one. Rounds count from 1 over the whole session. */
export interface Segment {
  index: number;
  messages: Message[];
  /** One entry for each assistant message, in order. */
  rounds: RoundRecord[];
  /** Why it was closed: `discard_all_01`, … or the session's stop reason; absent while it is open. */
  stopReason?: string;
}

/** What happened in a round, without the texts that stand in the messages. Times are epoch milliseconds. */
export interface RoundRecord {
  round: number;
  startedAt: number;
  endedAt?: number;
  endpoint?: string;
  usage: Usage;
  calls: CallRecord[];
}

/** One call of a round, as shown to people. */
export interface CallRecord {
  id: string;
  name: string;
  arguments: Record<string, unknown>;
  state: 'waiting' | 'running' | 'done' | 'failed' | 'refused' | 'skipped';
  startedAt?: number;
  endedAt?: number;
  /** The result's text as it went to the model. */
  result?: string;
}
