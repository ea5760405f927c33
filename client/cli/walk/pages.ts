import { finalAnswer } from '../../../protocol/answer.ts';
import { readReply } from '../../../protocol/report.ts';
import type { ResearchResult } from '../../../protocol/result.ts';
import type { CallRecord, Round, Segment } from '../../../protocol/trajectory.ts';
import { cachedShare, count, duration } from '../format.ts';
import type { Style } from '../style.ts';
import { clean, cleanLine, wrap } from '../text.ts';

/** A trajectory to be walked through. */
export interface Walked {
  question: string;
  segments: readonly Segment[];
  result?: ResearchResult;
  failure?: string;
}

/** One screenful of thought: the question, a round, or the end. */
export interface Page {
  title: string;
  lines: string[];
}

export interface PageOptions {
  style: Style;
  /** Lines are broken to this; `Infinity` where nobody looks at columns. */
  columns: number;
}

/** The question, one page a round, and how it ended. */
export function pagesOf({ question, segments, result, failure }: Walked, options: PageOptions): Page[] {
  const rounds = segments.flatMap((segment) => [
    ...segment.rounds.map((round) => roundPage(round, segment, segments.length, options)),
    ...(segment.summary?.reply
      ? [
          {
            title: `Summary after segment ${segment.index + 1}`,
            lines: body(readReply(segment.summary.reply).text, options),
          },
        ]
      : []),
  ]);
  return [
    { title: 'Question', lines: body(question, options) },
    ...rounds,
    ...(result ? [answerPage(result, options)] : []),
    ...(failure === undefined ? [] : [{ title: 'No answer', lines: body(failure, options) }]),
  ];
}

function roundPage(round: Round, segment: Segment, segments: number, options: PageOptions): Page {
  const { style } = options;
  const { reply } = round;
  const said = reply && readReply(reply);
  const figures = reply
    ? ` · ${count(reply.usage.prompt)} (${cachedShare(reply.usage)}% cached) → ${count(reply.usage.completion)} · ${duration(reply.elapsedMs)}`
    : '';
  const lines = [
    ...(said?.thought ? [style('name', 'Thought'), ...body(said.thought, options)] : []),
    ...(said?.text ? [style('name', 'Says'), ...body(finalAnswer(reply?.text ?? '') || said.text, options)] : []),
    ...round.calls.flatMap((call) => callLines(call, options)),
    ...round.notes.flatMap((note) => [style('person', 'Told to the model'), ...body(note, options)]),
    ...(round.followUp === undefined ? [] : [style('person', 'Follow-up question'), ...body(round.followUp, options)]),
  ];
  const of = segments > 1 ? `, segment ${segment.index + 1}` : '';
  return { title: `Round ${round.number}${of}${figures}`, lines };
}

function callLines(call: CallRecord, options: PageOptions): string[] {
  const { style } = options;
  const took =
    call.startedAt !== undefined && call.endedAt !== undefined ? ` ${duration(call.endedAt - call.startedAt)}` : '';
  const state = call.state === 'done' ? '' : ` (${call.state})`;
  const asked = Object.entries(call.arguments).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [
    `${style('name', `${call.id} ${cleanLine(call.name)}`)}${style('quiet', `${state}${took}`)}`,
    ...body(asked.join('\n'), options),
    ...(call.result === undefined ? [] : [style('quiet', '→'), ...body(call.result, options)]),
  ];
}

const answerPage = (result: ResearchResult, options: PageOptions): Page => ({
  title: `Answer (${result.stopReason}, ${result.rounds} rounds)`,
  lines: [
    ...body(result.answer || '(empty)', options),
    ...(result.sources.length ? [options.style('name', 'Sources')] : []),
    ...body(result.sources.map(({ url, title }) => (title ? `${title}  ${url}` : url)).join('\n'), options),
  ],
});

/** Text from models and pages, made harmless, indented and broken to the terminal. */
function body(text: string, { columns }: PageOptions): string[] {
  if (text === '') return [];
  return wrap(clean(text), columns - 2).map((line) => (line === '' ? '' : `  ${line}`));
}
