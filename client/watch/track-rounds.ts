import { steeringIn } from '../../protocol/notices.ts';
import {
  type CallRecord,
  mergePages,
  type Round,
  type Segment,
  type TrajectoryCursor,
} from '../../protocol/trajectory.ts';
import type { SessionEvent } from '../events.ts';

/** Turns pages of the trajectory into events; each thing is told once. */
export interface RoundTracker {
  /** From here on the trajectory may have changed. */
  cursor(): TrajectoryCursor;
  /** Takes pages that were read from `cursor()` on. Rounds up to `afterRound` are taken in silently. */
  take(segments: Segment[]): SessionEvent[];
  /** Tells that a round has begun, once. */
  start(round: number): SessionEvent[];
}

export function trackRounds(afterRound = 0): RoundTracker {
  let at: TrajectoryCursor = { segment: 0, round: 0 };
  let started = afterRound;
  const seen = new Map<string, Round>();
  const closed = new Set<number>();

  const start = (round: number): SessionEvent[] => {
    if (round <= started) return [];
    started = round;
    return [{ type: 'round-started', round }];
  };

  const take = (segments: Segment[]): SessionEvent[] => {
    const events: SessionEvent[] = [];
    const from = at;
    for (const segment of mergePages(segments)) {
      const first = segment.index === from.segment ? from.round : 0;
      for (const [offset, round] of segment.rounds.entries()) {
        const key = `${segment.index}/${first + offset}`;
        if (round.number > afterRound) {
          if (round.reply) events.push(...start(round.number));
          events.push(...changes(seen.get(key), round));
        }
        seen.set(key, round);
      }
      if (segment.stopReason !== undefined && !closed.has(segment.index)) {
        closed.add(segment.index);
        const last = segment.rounds.at(-1)?.number ?? Infinity;
        if (last > afterRound) {
          events.push({ type: 'segment-closed', segment: segment.index + 1, stopReason: segment.stopReason });
        }
      }
      // The last round may still gain notes: it is asked for again until another follows.
      at = { segment: segment.index, round: Math.max(0, first + segment.rounds.length - 1) };
    }
    return events;
  };

  return { cursor: () => at, take, start };
}

function changes(before: Round | undefined, round: Round): SessionEvent[] {
  const events: SessionEvent[] = [];
  const { number } = round;
  if (round.reply && !before?.reply) events.push({ type: 'round-replied', round });
  for (const [index, call] of round.calls.entries()) events.push(...callChanges(number, before?.calls[index], call));
  if (round.reply && round.endedAt !== undefined && before?.endedAt === undefined) {
    events.push({ type: 'round-finished', round });
  }
  for (const note of round.notes.slice(before?.notes.length ?? 0)) {
    const text = steeringIn(note);
    events.push(
      text === undefined
        ? { type: 'note', round: number, text: note }
        : { type: 'steering-applied', round: number, text },
    );
  }
  if (round.followUp !== undefined && before?.followUp === undefined) {
    events.push({ type: 'follow-up', round: number, question: round.followUp });
  }
  return events;
}

function callChanges(round: number, before: CallRecord | undefined, call: CallRecord): SessionEvent[] {
  if (before?.state === call.state || call.state === 'waiting') return [];
  if (call.state === 'approval') return [{ type: 'waiting-for-approval', round, call }];
  const started: SessionEvent[] =
    call.startedAt !== undefined && before?.state !== 'running' ? [{ type: 'call-started', round, call }] : [];
  return call.state === 'running' ? started : [...started, { type: 'call-finished', round, call }];
}
