import type { Usage } from './reply.ts';
import type { ResearchResult } from './result.ts';
import type { CallRecord } from './trajectory.ts';

/** Also the value of the search attribute `ResearchState`. */
export type SessionState =
  | 'preparing'
  | 'thinking'
  | 'working'
  | 'approval'
  | 'paused'
  | 'holding'
  | 'summarising'
  | 'answering'
  | 'open'
  | 'done';

/** Answer of the `status` query. */
export interface Status {
  state: SessionState;
  question: string;
  /** Round under way, or the last one; counts from 1 over the whole session. */
  round: number;
  maxRounds: number;
  segment: number;
  usage: Usage;
  /** Estimated tokens of the current transcript, and the limit. */
  context: { tokens: number; limit: number };
  /** Calls that run or wait for approval now. */
  calls: Pick<CallRecord, 'id' | 'name' | 'arguments' | 'state' | 'startedAt'>[];
  /** Steering texts the model has not seen yet. */
  steering: string[];
  /** Why the session holds, and what to do. */
  hold?: string;
  endpoint?: string;
  /** The tools offered to the model. */
  tools: string[];
  startedAt: number;
  /** While open for follow-up questions, and at the end. */
  result?: ResearchResult;
}
