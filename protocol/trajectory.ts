import type { Call, Usage } from './reply.ts';

/** A call of a round: what the model wrote, how it went, and the text that went back. Times are epoch milliseconds. */
export interface CallRecord extends Call {
  /** Stable over retries and continue-as-new: `r12c1` is the first call of round 12. */
  id: string;
  state: 'waiting' | 'approval' | 'running' | 'done' | 'failed' | 'refused' | 'skipped';
  startedAt?: number;
  endedAt?: number;
  /** What the model reads as the call's result. */
  result?: string;
  /** Hash of the workspace's snapshot after it. */
  snapshot?: string;
}

/** One model reply, the calls in it, and what was said to the model after them. */
export interface Round {
  /** Counts from 1 over the whole session. */
  number: number;
  startedAt: number;
  endedAt?: number;
  /** Absent where a round was cut short before the model had answered. */
  reply?: {
    text: string;
    reasoning?: string;
    finishReason: string;
    endpoint: string;
    model: string;
    usage: Usage;
    firstTokenMs: number;
    elapsedMs: number;
    native?: unknown;
    request?: Record<string, unknown>;
  };
  calls: CallRecord[];
  /** Texts that travel inside the results message: steering, or that no more calls are possible. */
  notes: string[];
  /** A follow-up question asked after this round's answer. */
  followUp?: string;
}

/** The stretch between two context resets: how it opens, its rounds, and how it was closed. */
export interface Segment {
  index: number;
  system: string;
  /** The first user message: the question, or the summary of the segment before. */
  opening: string;
  rounds: Round[];
  /** The summary that was asked for at a context reset. */
  summary?: { request: string; reply?: Round['reply'] };
  /** `discard_all_01`, … or the session's stop reason; absent while the segment is open. */
  stopReason?: string;
}

/** Answer of the `trajectory` query: whole segments while they fit, else `next` is the argument for the next page. */
export interface TrajectoryPage {
  segments: Segment[];
  next?: TrajectoryCursor;
}

export interface TrajectoryCursor {
  segment: number;
  /** Index of the first round wanted within the segment. */
  round: number;
}

/** Pages may cut a segment in two: its parts become one again. */
export function mergePages(segments: Segment[]): Segment[] {
  const merged: Segment[] = [];
  for (const segment of segments) {
    const last = merged.at(-1);
    if (last?.index === segment.index) {
      merged[merged.length - 1] = { ...last, ...segment, rounds: [...last.rounds, ...segment.rounds] };
    } else {
      merged.push(segment);
    }
  }
  return merged;
}

/** Every segment, whole, from the pages of the `trajectory` query. */
export async function wholeTrajectory(read: (cursor: TrajectoryCursor) => Promise<TrajectoryPage>): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (let next: TrajectoryCursor | undefined = { segment: 0, round: 0 }; next; ) {
    const page: TrajectoryPage = await read(next);
    segments.push(...page.segments);
    next = page.next;
  }
  return mergePages(segments);
}
