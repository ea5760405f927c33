import { finalAnswer } from '../protocol/answer.ts';
import { EMPTY_REPLY_NOTICE, type LastReplyReason } from '../protocol/notices.ts';
import type { StopReason } from '../protocol/result.ts';
import { canReset, contextFull, resetContext } from './context-reset.ts';
import { lastReply } from './last-reply.ts';
import { deliverSteering, say } from './notes.ts';
import { runCalls } from './run-calls.ts';
import { interrupted, type Session, whilePaused } from './session.ts';
import { segmentRounds } from './session-state.ts';
import { recordReply, think } from './think.ts';

/** A model that says nothing this often in a row will go on saying nothing. */
const MOST_EMPTY_REPLIES = 3;

/** Why the rounds ended: with an answer, at a point where a new run goes on, or for want of a last reply. */
type End = StopReason | 'continue_as_new' | { lastReply: LastReplyReason; overflowed: boolean };

/** From wherever the session stands to its answer, or to a round boundary where a new run goes on. */
export async function research(session: Session): Promise<StopReason | 'continue_as_new'> {
  const end = await session.interrupt.run(session.runtime, () => rounds(session));
  if (typeof end === 'string') return end;
  await lastReply(session, end.lastReply, end.overflowed);
  return end.lastReply;
}

/** The round loop. */
async function rounds(session: Session): Promise<End> {
  let empty = 0;
  for (;;) {
    if (session.controls.paused) {
      await whilePaused(session, true);
      if (session.controls.paused && !interrupted(session)) return 'continue_as_new';
    }
    const stop = mustStop(session);
    if (stop) return { lastReply: stop, overflowed: false };
    if (contextFull(session)) {
      if (!canReset(session)) return { lastReply: 'context_exceeded', overflowed: false };
      await resetContext(session);
      continue;
    }

    const thought = await think(session);
    if (thought === 'interrupted') continue;
    if (thought === 'overflow') {
      if (!canReset(session)) return { lastReply: 'context_exceeded', overflowed: true };
      await resetContext(session, true);
      continue;
    }

    const round = recordReply(session, thought);
    if (round.calls.length > 0) {
      empty = 0;
      await runCalls(session, round);
      deliverSteering(session);
    } else {
      round.endedAt = session.runtime.now();
      const steered = deliverSteering(session);
      if (finalAnswer(thought.reply.text) === '') {
        empty += 1;
        if (empty >= MOST_EMPTY_REPLIES) return endOf(session);
        if (!steered) say(session, EMPTY_REPLY_NOTICE);
      } else if (!steered) {
        return endOf(session);
      }
    }
    if (session.runtime.shouldContinueAsNew()) return 'continue_as_new';
  }
}

const endOf = (session: Session): StopReason =>
  session.data.segments.length > 1 ? 'discard_all_final' : 'no_tool_calls';

function mustStop(session: Session): LastReplyReason | undefined {
  if (session.timedOut) return 'timeout';
  if (session.controls.finish) return 'finished_early';
  return segmentRounds(session.data) >= session.data.settings.maxRounds ? 'max_rounds_exceeded' : undefined;
}
