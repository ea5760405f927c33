import type { Prepared } from './activities.ts';
import { adjustableSettings, describeIssues, type ResearchSettings } from './input.ts';
import { isLastReplyNotice } from './notices.ts';
import type { Source, WorkspaceState } from './tool-call.ts';
import type { Round, Segment } from './trajectory.ts';
import * as z from './zod.ts';

/**
 * Input of a session that goes on from an earlier round of another, which stays as it is. What the model has read
 * (question, system prompt, tools, files) is the original's; the settings beside it may differ.
 */
export const forkInput = () =>
  z.strictObject({
    fork: z.strictObject({
      /** Workflow id of the original. */
      session: z.string().min(1),
      /** One of its runs; by default the last. */
      runId: z.string().min(1).optional(),
      /** Counts from 1; the new session goes on after it. */
      round: z.int().min(1),
    }),
    /** What the model is told besides, with the results of that round. After an answer it is the next question. */
    steer: z
      .string()
      .refine((text) => text.trim() !== '', 'expected text, got only blanks')
      .optional(),
    ...adjustableSettings(),
  });

export type ForkInput = z.output<ReturnType<typeof forkInput>>;

/** Whether an input asks for a fork rather than a question. */
export const isFork = (raw: unknown): boolean => typeof raw === 'object' && raw !== null && 'fork' in raw;

/** Reads the input of a fork. Errors are one sentence that names the field. */
export function parseForkInput(raw: unknown): { input: ForkInput } | { error: string } {
  const parsed = forkInput().safeParse(raw);
  return parsed.success ? { input: parsed.data } : { error: `Invalid input: ${describeIssues(parsed.error, raw)}.` };
}

/** Answer of the query `checkpoint`: what a session knows beside its segments. */
export interface Checkpoint {
  settings: ResearchSettings;
  prepared: Prepared;
  sources: Source[];
  charsPerToken: number;
  /** Where the original's workspace is; absent in sessions that were prepared by an older worker. */
  workspace?: WorkspaceState;
}

/** What a fork takes over, as its first activity found it. */
export interface Forked extends Checkpoint {
  /** Up to the round that was asked for. */
  segments: Segment[];
}

/** The trajectory up to and with a round. Undefined where there is no such round, or its calls have not ended. */
export function segmentsUpTo(segments: readonly Segment[], round: number): Segment[] | undefined {
  const last = segments.findIndex(({ rounds }) => rounds.some(({ number, reply }) => number === round && reply));
  const segment = segments[last];
  if (!segment) return undefined;
  const { summary: _, stopReason: __, ...open } = segment;
  const rounds = segment.rounds.filter(({ number }) => number <= round).map(goingOn(round));
  const whole = rounds.every(({ calls }) => calls.every(({ result }) => result !== undefined));
  return whole ? [...segments.slice(0, last), { ...open, rounds }] : undefined;
}

/** A last round as it is where more follow: nobody has said yet that it is the last, or asked further. */
function goingOn(last: number): (round: Round) => Round {
  return (round) => {
    if (round.number !== last) return round;
    const { followUp: _, ...rest } = round;
    return { ...rest, notes: round.notes.filter((note) => !isLastReplyNotice(note)) };
  };
}

/** The workspace's last snapshot in these rounds; undefined where none of their calls made one. */
export const lastSnapshot = (segments: readonly Segment[]): string | undefined =>
  segments
    .flatMap(({ rounds }) => rounds.flatMap(({ calls }) => calls))
    .findLast(({ snapshot }) => snapshot !== undefined)?.snapshot;

/** Sources that were opened up to and with a round; those of older sessions do not say when. */
export const sourcesUpTo = (sources: readonly Source[], round: number): Source[] =>
  sources.filter(({ call }) => call === undefined || roundOf(call) <= round);

const roundOf = (callId: string): number => Number(/^r(\d+)c/.exec(callId)?.[1] ?? 0);
