import { sessionMessage } from '../protocol/messages.ts';
import { FAILURE } from '../protocol/names.ts';
import { type LastReplyReason, lastReplyNotice, notRunNotice } from '../protocol/notices.ts';
import { beforeLastRound } from './context-reset.ts';
import { Interrupt } from './interrupt.ts';
import { say } from './notes.ts';
import { ActivityFailed } from './runtime.ts';
import type { Session } from './session.ts';
import { recordReply, think } from './think.ts';

/** The time a last answer may take after the deadline: a tenth of it, within these bounds. */
const GRACE_MS = { least: 10_000, most: 60_000 };

/**
 * Asks once more, without tool calls, so that a session which must stop still answers from what it has. After the
 * deadline it has a short grace; where the context leaves no room even for this, there is no answer.
 */
export async function lastReply(session: Session, reason: LastReplyReason, overflowed = false): Promise<void> {
  const { data, runtime } = session;
  const notice = lastReplyNotice(reason);
  if (!overflowed) say(session, notice);
  const shortened = { messages: beforeLastRound(session), append: sessionMessage(notice, data.prepared.protocol) };
  let ended = false;
  let late = false;
  const grace = new Interrupt(() => late);
  if (session.timedOut) {
    runtime
      .until(() => ended, graceOf(session))
      .then((inTime) => {
        late = !inTime;
        grace.raise();
      }, ignoreCancel);
  }
  const call = { purpose: 'answer' as const, ...(overflowed ? shortened : {}) };
  const thought = await grace.run(runtime, () => think(session, call, grace));
  ended = true;
  if (thought === 'overflow' && data.rounds === 0) throw tooLong(data.settings.contextTokens);
  if (thought === 'overflow' && !overflowed) return lastReply(session, reason, true);
  if (typeof thought === 'string') return;
  const round = recordReply(session, thought);
  for (const call of round.calls) {
    call.state = 'skipped';
    call.result = notRunNotice(reason);
  }
  round.endedAt = runtime.now();
}

const tooLong = (contextTokens: number) =>
  new ActivityFailed(
    FAILURE.contextOverflow,
    `The question with its system prompt is too long for the model's context (contextTokens: ${contextTokens}).`,
  );

function graceOf(session: Session): number {
  const total = (session.data.settings.timeoutSeconds ?? 0) * 1000;
  return Math.min(GRACE_MS.most, Math.max(GRACE_MS.least, total / 10));
}

/** A cancelled workflow ends this wait as well; the cancellation itself is reported where the reply is awaited. */
const ignoreCancel = () => {};
