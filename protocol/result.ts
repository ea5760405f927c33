import type { Citation, Quotation } from './claims.ts';
import type { Usage } from './reply.ts';
import type { Source } from './tool-call.ts';

export type StopReason =
  | 'no_tool_calls'
  | 'max_rounds_exceeded'
  | 'discard_all_final'
  | 'context_exceeded'
  | 'timeout'
  | 'finished_early';

/** A file that the session gives back. */
export interface Artifact {
  /** Path relative to the workspace. */
  name: string;
  bytes: number;
  /** Media type, by the name's ending. */
  type: string;
  sha256: string;
}

/** Result of `deepResearch`. The trajectory is had by query or export. */
export interface ResearchResult {
  answer: string;
  stopReason: StopReason;
  /** Model replies over all segments, without summaries. */
  rounds: number;
  segments: number;
  usage: Usage;
  sources: Source[];
  /** Files that are new or changed at the end, as against those the session was given. */
  artifacts: Artifact[];
  /** What is not among the artifacts, in a sentence. */
  artifactsNote?: string;
  /** Task queue of the host that keeps the artifacts, for clients that do not share its store. */
  artifactsAt?: string;
  /** What the answer cites and quotes, compared with what was read; absent where that was not checked. */
  citations?: Citation[];
  quotations?: Quotation[];
  elapsedMs: number;
  /** Of a session of a batch: the hash under which its trajectory lies in the batch's folder until its row is written. */
  account?: string;
  /** Name of the model that gave the answer. */
  model: string;
}
