import { splitReply } from '../protocol/answer.ts';
import { countMessages, sessionMessage } from '../protocol/messages.ts';
import { addedSince, continuationOpening, SUMMARY_REQUEST, steeringIn } from '../protocol/notices.ts';
import { interrupted, type Session } from './session.ts';
import { currentSegment, openSegment, type SessionData, segmentRounds } from './session-state.ts';
import { think } from './think.ts';
import { estimateTokens } from './token-estimate.ts';

/** A session that has been summarised this often goes round in circles. */
const MOST_SEGMENTS = 30;

export function contextFull(session: Session): boolean {
  const { settings } = session.data;
  return estimateTokens(session.data) >= settings.discardRatio * settings.contextTokens;
}

/** Whether another context reset can help: not where the segment holds nothing but its opening. */
export function canReset(session: Session): boolean {
  const { data } = session;
  return (
    data.settings.contextStrategy === 'discard_all' && segmentRounds(data) > 0 && data.segments.length < MOST_SEGMENTS
  );
}

/**
 * Closes the segment and starts the next from a summary that the model writes. The request keeps the transcript before
 * it in the server's prefix cache (`sessionMessage`). After an overflow the last round is left out, for with it not
 * even the request fits.
 */
export async function resetContext(session: Session, overflowed = false): Promise<void> {
  const { data } = session;
  const segment = currentSegment(data);
  const request = sessionMessage(SUMMARY_REQUEST, data.prepared.protocol);
  const messages = overflowed ? beforeLastRound(session) : countMessages(segment);
  const thought = await think(session, { purpose: 'summary', messages, append: request });
  if (thought === 'interrupted' && interrupted(session)) return;
  // The estimate was too low: a summary without the last round is worth more than none.
  if (thought === 'overflow' && !overflowed && segmentRounds(data) > 1) return resetContext(session, true);
  const reply = typeof thought === 'string' ? undefined : thought.reply;
  const summary = reply ? summaryIn(reply.text) : '';
  if (reply) {
    const { calls: _, ...rest } = reply;
    segment.summary = { request, reply: rest };
  }
  segment.stopReason = `discard_all_${String(segment.index + 1).padStart(2, '0')}`;
  openSegment(data, nextOpening(session, summary));
}

/**
 * The next segment begins with what was asked, word for word, for summaries lose conditions: the question with the names
 * of its files, and what people have added.
 */
function nextOpening({ data, runtime }: Session, summary: string): string {
  const { question } = data.settings;
  const { opening } = data.prepared;
  const added = addedBy(data);
  const asked = opening.startsWith(question) ? opening : question;
  const isMore = asked !== question || added.length > 0;
  if (!isMore || !runtime.patched('reset-keeps-what-was-asked')) {
    return summary ? continuationOpening(question, summary) : opening;
  }
  if (summary) return continuationOpening(asked, summary, added);
  return [opening, ...(added.length > 0 ? ['', ...addedSince(added)] : [])].join('\n');
}

/** Characters of what people have added; of more, the newest. */
const MOST_ADDED = 12_000;

/** Steering texts and follow-up questions so far, oldest first. */
function addedBy({ segments }: SessionData): string[] {
  const said = segments
    .flatMap(({ rounds }) => rounds)
    .flatMap(({ notes, followUp }) => [...notes.map(steeringIn), followUp])
    .filter((text) => text !== undefined);
  let room = MOST_ADDED;
  const first = said.findLastIndex((text) => {
    room -= text.length;
    return room < 0;
  });
  return said.slice(first + 1);
}

/** Messages of the segment without its last round. */
export function beforeLastRound(session: Session): number {
  const segment = currentSegment(session.data);
  return countMessages({ ...segment, rounds: segment.rounds.slice(0, -1) });
}

function summaryIn(text: string): string {
  const { body } = splitReply(text);
  const match = /<summary>([\s\S]*?)(<\/summary>|$)/i.exec(body);
  return match?.[1]?.trim() ?? '';
}
