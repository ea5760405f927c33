import { countMessages } from '../protocol/messages.ts';
import { steeringNotice } from '../protocol/notices.ts';
import type { Session } from './session.ts';
import { currentRound, currentSegment } from './session-state.ts';

/**
 * Tells the model something with the next results message. Where the last message was sent already, the note becomes
 * one of its own: what was sent never changes.
 */
export function say(session: Session, text: string): void {
  const segment = currentSegment(session.data);
  const last = currentRound(session.data);
  if (last && countMessages(segment) > session.data.sent) {
    last.notes.push(text);
    return;
  }
  const now = session.runtime.now();
  segment.rounds.push({ number: session.data.rounds, startedAt: now, endedAt: now, calls: [], notes: [text] });
}

/** Gives the model every steering text it has not seen; says whether there was one. */
export function deliverSteering(session: Session): boolean {
  const texts = session.data.steering.splice(0);
  for (const text of texts) say(session, steeringNotice(text));
  return texts.length > 0;
}
