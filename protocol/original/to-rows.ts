import { splitReply } from '../answer.ts';
import { toolResponse } from '../messages.ts';
import type { Usage } from '../reply.ts';
import type { CallRecord, Round, Segment } from '../trajectory.ts';
import { runIdOf, timeStamp } from './query-id.ts';
import type { OriginalMessage, OriginalResult, OriginalRow } from './row.ts';

/** A session that has ended, with what its row says beside its trajectory. Times are epoch milliseconds. */
export interface RowSource {
  question: string;
  /** From `queryIdOf`. */
  queryId: string;
  rollout: number;
  /** The input row. */
  src: Record<string, unknown>;
  startedAt: number;
  endedAt: number;
  status: OriginalRow['status'];
  /** Why it has no answer. */
  error?: string;
  segments: Segment[];
  /** JSON of the tools' schemas. */
  tools: string;
  stopReason?: string;
}

/** What stands in the place of a call and its results where a segment was closed because the context was full. */
export const NEW_CONTEXT =
  '<tool_call>{"name": "new_context_tool", "arguments": {"begin_new_context": true}}</tool_call>';
const GOES_ON = 'The task goes on in a new conversation.';

/** The original's output rows of a session: one for each segment, at least one. The same session gives the same rows. */
export function toOriginalRows(session: RowSource): OriginalRow[] {
  const { segments } = session;
  const worked = segments.filter(({ rounds }) => rounds.length > 0);
  const row = {
    time_stamp: timeStamp(session.endedAt),
    query_id: session.queryId,
    query: session.question,
    status: session.status,
    discard_segments: segments.filter(isDiscarded).length,
    elapsed_sec: seconds(session.endedAt - session.startedAt),
    rollout_idx: session.rollout,
    src: session.src,
  };
  if (worked.length === 0) {
    const result = session.error === undefined ? {} : { error: session.error };
    return [inOrder({ ...row, result, segment_idx: 1, segment_total: result.error === undefined ? 0 : 1 })];
  }
  return worked.map((segment, index) => {
    const last = index === worked.length - 1;
    const result = resultOf(session, segment, last);
    if (last && session.error !== undefined) result.error = session.error;
    return inOrder({ ...row, result, segment_idx: index + 1, segment_total: worked.length });
  });
}

/** Closed because its context was full. */
const isDiscarded = ({ stopReason }: Segment): boolean => /^discard_all_\d/.test(stopReason ?? '');

/** With the fields in the original's order. */
function inOrder(row: OriginalRow): OriginalRow {
  const { time_stamp, query_id, query, result, status, ...rest } = row;
  return { time_stamp, query_id, query, result, status, ...rest };
}

function resultOf(session: RowSource, segment: Segment, last: boolean): OriginalResult {
  const stop = segment.stopReason ?? (last ? session.stopReason : undefined) ?? null;
  return {
    query_id: runIdOf(session.queryId, session.startedAt),
    tools: session.tools,
    messages: [...opening(segment), ...segment.rounds.flatMap(loggedRound), ...summaryMessages(segment, 'tool')],
    final_answer: isDiscarded(segment) ? GOES_ON : lastText(segment),
    transcript: [...opening(segment), ...segment.rounds.flatMap(seenRound), ...summaryMessages(segment, 'user')],
    rounds: segment.rounds.filter(({ reply }) => reply).length,
    // The last segment after a context reset has a name of its own.
    stopped_reason:
      last && session.segments.length > 1 && (stop === 'no_tool_calls' || stop === 'max_rounds_exceeded')
        ? 'discard_all_final'
        : stop,
  };
}

const user = (text: string): OriginalMessage => ({ role: 'user', content: [{ type: 'text', text }] });

const opening = (segment: Segment): OriginalMessage[] => [
  { role: 'system', content: segment.system },
  user(segment.opening),
];

function lastText(segment: Segment): string {
  const last = segment.rounds.findLast(({ reply }) => reply);
  return last ? fullText(last) : '';
}

/** A round as the original logs it: the reply, then a message for each call. */
function loggedRound(round: Round): OriginalMessage[] {
  const results = round.calls.filter(({ result }) => result !== undefined);
  return [
    ...(round.reply ? [assistant(round, fullText(round))] : []),
    ...results.map(
      (call): OriginalMessage => ({ role: 'tool', content: call.result ?? '', elapsed_time: callSeconds(call) }),
    ),
    ...round.notes.map(user),
    ...(round.followUp === undefined ? [] : [user(round.followUp)]),
  ];
}

/** A round as the model sees it: all results are one message. */
function seenRound(round: Round): OriginalMessage[] {
  const results = round.calls.flatMap(({ result }) => (result === undefined ? [] : [result]));
  const told = [...results, ...round.notes].map(toolResponse).join('\n');
  return [
    ...(round.reply ? [assistant(round, withOpenedThought(fullText(round)))] : []),
    ...(told === '' ? [] : [user(told)]),
    ...(round.followUp === undefined ? [] : [user(round.followUp)]),
  ];
}

const assistant = (round: Round, content: string): OriginalMessage => ({
  role: 'assistant',
  content,
  elapsed_time: seconds(round.reply?.elapsedMs ?? 0),
  ...(round.reply ? { usage: usageOf(round.reply.usage) } : {}),
});

/** A reply as one text, also where its thought and its calls came in fields of their own. */
function fullText({ reply, calls }: Round): string {
  const { text = '', reasoning } = reply ?? {};
  const thought = reasoning && splitReply(text).reasoning === '' ? `<think>\n${reasoning}\n</think>\n\n` : '';
  const native = /<tool_call>/i.test(text) ? [] : calls;
  const written = native.map(
    ({ name, arguments: args }) => `<tool_call>\n${JSON.stringify({ name, arguments: args })}\n</tool_call>`,
  );
  return [thought + text, ...written].filter((part) => part !== '').join('\n');
}

/** Some servers strip the tag that opens the thought. */
const withOpenedThought = (text: string): string =>
  /<\/think>/i.test(text) && !/^\s*<think>/i.test(text) ? `<think>\n${text.trimStart()}` : text;

function summaryMessages(segment: Segment, role: 'tool' | 'user'): OriginalMessage[] {
  if (!isDiscarded(segment)) return [];
  const reply = segment.summary?.reply;
  return [
    { role: 'assistant', content: NEW_CONTEXT },
    { role, content: reply?.text ?? '', ...(reply ? { usage: usageOf(reply.usage) } : {}) },
    { role: 'assistant', content: GOES_ON },
  ];
}

/** The schemas of the tools as a system prompt of ours lists them, one a line; undefined where it lists none. */
export function toolsIn(system: string): string | undefined {
  const listed = /<tools>\n([\s\S]*?)\n<\/tools>/.exec(system)?.[1];
  return listed === undefined ? undefined : `[${listed.split('\n').join(', ')}]`;
}

const usageOf = ({ prompt, cached, completion }: Usage) => ({
  prompt_tokens: prompt,
  total_tokens: prompt + completion,
  completion_tokens: completion,
  prompt_tokens_details: { cached_tokens: cached },
});

const callSeconds = ({ startedAt, endedAt }: CallRecord): number =>
  startedAt === undefined || endedAt === undefined ? 0 : seconds(endedAt - startedAt);

const seconds = (ms: number): number => Math.max(0, Math.round(ms)) / 1000;
