import { finalAnswer } from '../../protocol/answer.ts';
import { queryIdOf } from '../../protocol/original/query-id.ts';
import type { OriginalMessage, OriginalResult, OriginalRow } from '../../protocol/original/row.ts';
import { NEW_CONTEXT } from '../../protocol/original/to-rows.ts';
import { addUsage, type Call, noUsage, type Usage } from '../../protocol/reply.ts';
import type { ResearchResult, StopReason } from '../../protocol/result.ts';
import type { Status } from '../../protocol/status.ts';
import type { Round, Segment } from '../../protocol/trajectory.ts';
import { callsIn } from './calls-in.ts';
import type { ExportedSession } from './export.ts';

/**
 * A session of an output file as one of our exports. What rows do not tell is left empty: endpoint, model, sources,
 * files, and the times at which rounds began.
 *
 * @param rows all segments of one session, in their order
 */
export async function fromOriginalRows(rows: readonly OriginalRow[]): Promise<ExportedSession> {
  const first = rows[0] as OriginalRow;
  const startedAt = startOf(first);
  const elapsedMs = Math.round(first.elapsed_sec * 1000);
  const segments = segmentsOf(rows);
  const replies = segments.flatMap(({ rounds }) => rounds.flatMap(({ reply }) => reply ?? []));
  const usage = replies.reduce((sum, reply) => addUsage(sum, reply.usage), noUsage());
  const question = first.query;
  const error = rows.map(({ result }) => result.error).findLast((each) => each !== undefined);
  const stopReason = first.status === 'timeout' ? 'timeout' : stopReasonOf(rows);
  const result: ResearchResult = {
    answer: finalAnswer(replies.at(-1)?.text ?? ''),
    stopReason,
    rounds: replies.length,
    segments: segments.length,
    usage,
    sources: [],
    artifacts: [],
    elapsedMs,
    model: '',
  };
  const failed = first.status === 'error';
  return {
    version: 1,
    id: wholeResult(rows[0])?.query_id ?? (await queryIdOf(question)),
    runId: '',
    outcome: failed ? 'failed' : 'completed',
    input: question,
    status: { ...statusOf(question, segments, usage, startedAt), ...(failed ? {} : { result }) },
    ...(failed ? { failure: { kind: 'failed', message: error ?? 'It has no answer.' } } : { result }),
    segments,
  };
}

/** The result where it holds more than an error. */
const wholeResult = (row: OriginalRow | undefined): OriginalResult | undefined =>
  row && 'messages' in row.result ? (row.result as OriginalResult) : undefined;

/** Rows tell whole seconds of the start, in the run's id, and of the end: the earliest time that fits both. */
function startOf(row: OriginalRow): number {
  const ended = Date.parse(`${row.time_stamp.replace(' ', 'T')}Z`);
  const suffix = /-(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(wholeResult(row)?.query_id ?? '');
  const fromEnd = ended - Math.round(row.elapsed_sec * 1000);
  if (!suffix) return fromEnd;
  const [year, month, day, hour, minute, second] = suffix.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return Math.max(fromEnd, Date.UTC(year, month - 1, day, hour, minute, second));
}

function stopReasonOf(rows: readonly OriginalRow[]): StopReason {
  const reason = wholeResult(rows.at(-1))?.stopped_reason;
  // The name of the last segment after a reset hides why it ended.
  return reason === null || reason === undefined ? 'finished_early' : (reason as StopReason);
}

function statusOf(question: string, segments: Segment[], usage: Usage, startedAt: number): Status {
  const rounds = segments.flatMap((segment) => segment.rounds).length;
  return {
    state: 'done',
    question,
    round: rounds,
    maxRounds: rounds,
    segment: segments.length,
    usage,
    context: { tokens: 0, limit: 0 },
    calls: [],
    steering: [],
    tools: [],
    startedAt,
  };
}

function segmentsOf(rows: readonly OriginalRow[]): Segment[] {
  let number = 0;
  return rows.flatMap((row): Segment[] => {
    const result = wholeResult(row);
    if (!result) return [];
    const segment = segmentOf(result, row.segment_idx - 1, number);
    number += segment.rounds.length;
    return [segment];
  });
}

function segmentOf({ messages, transcript, stopped_reason }: OriginalResult, index: number, before: number): Segment {
  const [system, opening, ...rest] = messages[0]?.role === 'system' ? messages : [undefined, ...messages];
  const segment: Segment = {
    index,
    system: system ? textOf(system) : '',
    opening: opening ? textOf(opening) : '',
    rounds: [],
    ...(stopped_reason === null ? {} : { stopReason: stopped_reason }),
  };
  // Follow-up questions stand in the transcript as they are, notes as results.
  const asked = new Set(transcript.filter(({ role }) => role === 'user').map(textOf));
  for (let at = 0; at < rest.length; at += 1) {
    const message = rest[at] as OriginalMessage;
    const round = segment.rounds.at(-1);
    if (message.role === 'assistant' && callsIn(message.content)[0]?.name === NEW_CONTEXT_TOOL) {
      const summary = rest[at + 1];
      segment.summary = { request: '', ...(summary ? { reply: replyOf(summary) } : {}) };
      break;
    }
    if (message.role === 'assistant') {
      segment.rounds.push(newRound(message, before + segment.rounds.length + 1));
    } else if (message.role === 'tool' && round) {
      settle(round, message);
    } else if (message.role === 'user' && round) {
      const text = textOf(message);
      if (asked.has(text)) round.followUp = text;
      else round.notes.push(text);
    }
  }
  return segment;
}

const NEW_CONTEXT_TOOL = callsIn(NEW_CONTEXT)[0]?.name;

function newRound(message: OriginalMessage, number: number): Round {
  const calls = callsIn(textOf(message)).map((call: Call, index) => ({
    ...call,
    id: `r${number}c${index + 1}`,
    state: 'waiting' as const,
  }));
  return { number, startedAt: 0, reply: replyOf(message), calls, notes: [] };
}

/** Gives the next call of a round its result; one that was not read from the text has no name. */
function settle(round: Round, message: OriginalMessage): void {
  const at = round.calls.findIndex(({ result }) => result === undefined);
  const index = at < 0 ? round.calls.length : at;
  const call = round.calls[index] ?? { id: `r${round.number}c${index + 1}`, name: '', arguments: {}, state: 'done' };
  const took = message.role === 'tool' ? (message.elapsed_time ?? 0) : 0;
  round.calls[index] = {
    ...call,
    state: 'done',
    startedAt: 0,
    endedAt: Math.round(took * 1000),
    result: textOf(message),
  };
}

function replyOf(message: OriginalMessage): NonNullable<Round['reply']> {
  const { usage, elapsed_time: took } = message as { usage?: OriginalUsage | null; elapsed_time?: number };
  return {
    text: textOf(message),
    finishReason: 'stop',
    endpoint: '',
    model: '',
    usage: {
      prompt: usage?.prompt_tokens ?? 0,
      cached: usage?.prompt_tokens_details?.cached_tokens ?? 0,
      completion: usage?.completion_tokens ?? 0,
    },
    firstTokenMs: 0,
    elapsedMs: Math.round((took ?? 0) * 1000),
  };
}

interface OriginalUsage {
  prompt_tokens: number;
  completion_tokens: number;
  prompt_tokens_details?: { cached_tokens: number } | null;
}

const textOf = ({ content }: OriginalMessage): string =>
  typeof content === 'string' ? content : content.map(({ text }) => text).join('\n');
