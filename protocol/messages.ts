import type { Call } from './reply.ts';
import type { Round, Segment } from './trajectory.ts';

/** How calls and results travel: in the text (S1) or in an API's own fields. Settled once for a session. */
export type ToolProtocol = 'text' | 'native';

/** One tool's result for an API with native tool calls. */
export interface NativeResult {
  /** The provider's id of the call. */
  id: string;
  name: string;
  text: string;
}

/**
 * One message of the transcript, as the model sees it. With the text protocol `content` is the exact text; with native
 * tool calls the results message carries `results` and `notes` instead, and replies carry what the API wants back.
 */
export type Message =
  | { role: 'system'; content: string }
  | { role: 'user'; content: string; results?: NativeResult[]; notes?: string[] }
  | { role: 'assistant'; content: string; reasoning?: string; calls?: Call[]; native?: unknown };

/** One block of a results message, the form the model was trained on. */
export const toolResponse = (text: string): string => `<tool_response>\n${text}\n</tool_response>`;

/**
 * A user message in which the session itself speaks. S1's template takes any message that is no results for a new
 * question and drops the thoughts before it; an API with native calls has no such form.
 */
export const sessionMessage = (text: string, protocol: ToolProtocol): string =>
  protocol === 'text' ? toolResponse(text) : text;

/**
 * The transcript of a segment from message `since` up to but without `upTo`. Append-only: the messages of round n are
 * a byte-wise prefix of those of round n + 1, which is what the model server's prefix cache lives on.
 */
export function messagesOf(segment: Segment, protocol: ToolProtocol, since = 0, upTo = Infinity): Message[] {
  const messages: Message[] = [];
  let position = 0;
  const push = (build: () => Message) => {
    if (position >= since && position < upTo) messages.push(build());
    position += 1;
  };
  push(() => ({ role: 'system', content: segment.system }));
  push(() => ({ role: 'user', content: segment.opening }));
  for (const round of segment.rounds) {
    if (position >= upTo) break;
    const count = countOf(round);
    // Most calls want the end of a long transcript.
    if (position + count <= since) {
      position += count;
      continue;
    }
    if (round.reply) push(() => assistantMessage(round, protocol));
    if (hasResults(round)) push(() => resultsMessage(round, protocol));
    if (round.followUp !== undefined) push(() => ({ role: 'user', content: round.followUp ?? '' }));
  }
  if (segment.summary) push(() => ({ role: 'user', content: segment.summary?.request ?? '' }));
  return messages;
}

/** Number of messages `messagesOf` gives for the whole segment. */
export const countMessages = (segment: Segment): number =>
  segment.rounds.reduce((count, round) => count + countOf(round), segment.summary ? 3 : 2);

const countOf = (round: Round): number =>
  (round.reply ? 1 : 0) + (hasResults(round) ? 1 : 0) + (round.followUp === undefined ? 0 : 1);

/** A round's results are one message, sent when every call is settled. */
function hasResults(round: Round): boolean {
  if (round.calls.length === 0) return round.notes.length > 0;
  return round.calls.every((call) => call.result !== undefined);
}

function assistantMessage(round: Round, protocol: ToolProtocol): Message {
  const { text = '', reasoning, native } = round.reply ?? {};
  if (protocol === 'text') return { role: 'assistant', content: text };
  const calls = round.calls.map(({ name, arguments: args, nativeId, id }) => ({
    name,
    arguments: args,
    nativeId: nativeId ?? id,
  }));
  return {
    role: 'assistant',
    content: text,
    ...(reasoning ? { reasoning } : {}),
    ...(calls.length ? { calls } : {}),
    ...(native === undefined ? {} : { native }),
  };
}

function resultsMessage(round: Round, protocol: ToolProtocol): Message {
  if (protocol === 'text') {
    const texts = [...round.calls.map((call) => call.result ?? ''), ...round.notes];
    return { role: 'user', content: texts.map(toolResponse).join('\n') };
  }
  return {
    role: 'user',
    content: '',
    results: round.calls.map((call) => ({ id: call.nativeId ?? call.id, name: call.name, text: call.result ?? '' })),
    notes: round.notes,
  };
}
