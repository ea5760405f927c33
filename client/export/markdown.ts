import {
  artifactList,
  claimsSection,
  closeFence,
  escapeInline,
  readReply,
  rehearsalMark,
  sourceList,
  usageLine,
} from '../../protocol/report.ts';
import type { CallRecord, Round, Segment } from '../../protocol/trajectory.ts';
import type { ExportedSession } from './export.ts';

/** A session for people: question, answer, sources, then everything that happened, whole. */
export function markdownOf(session: ExportedSession): string {
  const { status, result, failure, segments } = session;
  const parts = [
    `# Research session ${escapeInline(session.id)}`,
    '## Question',
    status.question.replace(/^/gm, '> '),
    ...(result
      ? [
          '## Answer',
          ...rehearsalMark(result),
          closeFence(result.answer) || '(empty)',
          ...(result.sources.length ? ['## Sources', sourceList(result.sources)] : []),
          ...claimsSection(result),
        ]
      : []),
    ...(failure ? [`## ${failure.kind === 'failed' ? 'Failure' : failure.kind}`, escapeInline(failure.message)] : []),
    ...(result || failure ? [] : ['## State', `${status.state}, round ${status.round}`]),
    ...(result?.artifacts.length ? ['## Artifacts', artifactList(result)] : []),
    ...segments.flatMap((segment) => segmentParts(segment, segments.length)),
    '## Totals',
    totals(session),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** A code block that its text cannot end: the fence is longer than any run of backticks in it. */
export function fenced(text: string, language = ''): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}${text.endsWith('\n') ? '' : '\n'}${fence}`;
}

function segmentParts(segment: Segment, count: number): string[] {
  const title = count > 1 ? `## Rounds, segment ${segment.index + 1}` : '## Rounds';
  const summary = segment.summary?.reply;
  return [
    title,
    ...(segment.index > 0 ? ['The segment begins with:', fenced(segment.opening)] : []),
    ...segment.rounds.flatMap(roundParts),
    ...(summary ? ['### Summary at the end of the context', fenced(summary.text)] : []),
  ];
}

function roundParts(round: Round): string[] {
  const { reply } = round;
  const said = reply ? readReply(reply) : { thought: '', text: '' };
  return [
    ...(reply ? [`### Round ${round.number}`] : []),
    ...(said.thought ? ['**Thought**', fenced(said.thought)] : []),
    ...(said.text ? ['**Text**', fenced(said.text)] : []),
    ...round.calls.flatMap(callParts),
    ...round.notes.flatMap((note) => ['**Told to the model**', fenced(note)]),
    ...(round.followUp === undefined ? [] : ['**Follow-up question**', fenced(round.followUp)]),
    ...(reply ? [`*${escapeInline(reply.model)}, ${usageLine(reply.usage)}, ${seconds(reply.elapsedMs)}*`] : []),
  ];
}

function callParts(call: CallRecord): string[] {
  const took =
    call.startedAt !== undefined && call.endedAt !== undefined ? `, ${seconds(call.endedAt - call.startedAt)}` : '';
  return [
    `**Call ${escapeInline(call.id)}: ${escapeInline(call.name)}** (${call.state}${took})`,
    ...argumentParts(call.arguments),
    ...(call.result === undefined ? [] : ['Result:', fenced(call.result)]),
  ];
}

/** Code and other texts of several lines stand on their own, the rest as JSON. */
function argumentParts(args: Record<string, unknown>): string[] {
  const long = Object.entries(args).filter(([, value]) => typeof value === 'string' && value.includes('\n'));
  const short = Object.entries(args).filter((entry) => !long.some(([name]) => name === entry[0]));
  return [
    ...(short.length ? [fenced(JSON.stringify(Object.fromEntries(short), null, 2), 'json')] : []),
    ...long.map(([, value]) => fenced(String(value))),
  ];
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function totals({ status, result, segments }: ExportedSession): string {
  const rounds = segments.flatMap((segment) => segment.rounds).filter((round) => round.reply).length;
  return [
    `- Rounds: ${rounds} in ${segments.length} ${segments.length === 1 ? 'segment' : 'segments'}`,
    `- Tokens: ${usageLine(status.usage)}`,
    ...(result ? [`- Time: ${seconds(result.elapsedMs)}`, `- Ended by: ${result.stopReason}`] : []),
  ].join('\n');
}
