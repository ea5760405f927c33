import { continuationOpening, lastReplyNotice, steeringNotice } from '../../../protocol/notices.ts';

/**
 * Reading back what the session writes. The fixed words around what is wanted are taken from the session's own
 * functions, so the two cannot drift apart.
 */

const MARK_A = '\u0001';
const MARK_B = '\u0002';

const FINAL_LINE = firstLine(lastReplyNotice('finished_early'));
const [STEERING_START = '', STEERING_END = ''] = steeringNotice(MARK_A).split(MARK_A);
const [OPENING_START = '', OPENING_REST = ''] = continuationOpening(MARK_A, MARK_B).split(MARK_A);
const [OPENING_MIDDLE = '', OPENING_END = ''] = OPENING_REST.split(MARK_B);

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.trim() ?? '';
}

/** The session says that this reply must be the answer. */
export const isFinalNotice = (text: string): boolean => firstLine(text.trimStart()) === FINAL_LINE;

/** A block that asks for the summary, not a page with such an element: those stand among the results. */
export const isSummaryRequest = (text: string): boolean => text.includes('<summary>');

/** What the user added, or undefined where the text is no steering. */
export function readSteering(text: string): string | undefined {
  const trimmed = text.trim();
  if (firstLine(trimmed) !== STEERING_START.trim()) return undefined;
  const end = STEERING_END.trim();
  const body = trimmed.slice(STEERING_START.trim().length);
  return (end && body.endsWith(end) ? body.slice(0, -end.length) : body).trim();
}

/** Question and summary of the message that opens a segment after a context reset. */
export function readOpening(text: string): { question: string; summary: string } | undefined {
  const middle = text.indexOf(OPENING_MIDDLE);
  if (!text.startsWith(OPENING_START) || middle < 0) return undefined;
  const rest = text.slice(middle + OPENING_MIDDLE.length);
  const end = rest.lastIndexOf(OPENING_END);
  return { question: text.slice(OPENING_START.length, middle), summary: end < 0 ? rest : rest.slice(0, end) };
}
