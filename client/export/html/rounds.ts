import { callLine, firstSentence, readReply } from '../../../protocol/report.ts';
import type { CallRecord, Round, Segment } from '../../../protocol/trajectory.ts';
import { escapeHtml } from './escape.ts';
import { full } from './plot.ts';

/** The trajectory: every round folded, with what was thought, said, called, given back and told to the model. */
export function roundsHtml(segments: readonly Segment[]): string {
  return segments.map((segment) => segmentHtml(segment, segments.length > 1)).join('\n');
}

function segmentHtml(segment: Segment, several: boolean): string {
  const summary = segment.summary?.reply;
  return [
    ...(several ? [`<h3 id="segment-${segment.index + 1}">Segment ${segment.index + 1}</h3>`] : []),
    folded('Instructions to the model', block(segment.system)),
    ...(segment.index > 0 ? [folded('What the segment begins with', block(segment.opening))] : []),
    ...segment.rounds.map(roundHtml),
    ...(summary ? [folded('The context was full: summary for the next segment', block(summary.text))] : []),
  ].join('\n');
}

function roundHtml(round: Round): string {
  const { reply, calls, notes, followUp } = round;
  const said = reply ? readReply(reply) : { thought: '', text: '' };
  const parts = [
    ...(said.thought ? [labelled('Thought', block(said.thought))] : []),
    ...(said.text ? [labelled('Text', block(said.text))] : []),
    ...calls.map(callHtml),
    ...notes.map((note) => labelled('Told to the model', block(note))),
    ...(followUp === undefined ? [] : [labelled('Follow-up question', block(followUp))]),
    ...(reply
      ? [
          `<p class="small">${escapeHtml(reply.model)} at ${escapeHtml(reply.endpoint)}, ${usage(round)}, ended by ${escapeHtml(reply.finishReason)}</p>`,
        ]
      : []),
  ];
  if (!reply) return `<div class="round note">${parts.join('\n')}</div>`;
  const line = firstSentence(said.thought || said.text, 160);
  const facts = [toolsOf(calls), `${full(reply.usage.prompt)} tokens`, seconds(reply.elapsedMs)].filter(Boolean);
  const head = `<b>${round.number}</b> <bdi>${escapeHtml(line)}</bdi> <span class="facts">${facts.join(' · ')}</span>`;
  return `<details class="round" id="round-${round.number}"><summary>${head}</summary>\n${parts.join('\n')}\n</details>`;
}

function callHtml(call: CallRecord): string {
  const { id, name, arguments: args, state, startedAt, endedAt, error, result } = call;
  const took = startedAt !== undefined && endedAt !== undefined ? seconds(endedAt - startedAt) : '';
  const facts = [state === 'done' ? '' : state, took].filter(Boolean).join(' · ');
  const mark = state === 'done' ? '' : ' class="bad-text"';
  const head = `<b>${escapeHtml(name)}</b> <bdi>${escapeHtml(callLine(args, 120))}</bdi> <span class="facts"><span${mark}>${escapeHtml(facts)}</span></span>`;
  const content = [
    ...argumentBlocks(args),
    ...(error ? [labelled('Why it could not be run', block(error))] : []),
    ...(result === undefined ? [] : [labelled('Result', block(result))]),
  ];
  return `<details class="call" id="call-${escapeHtml(id)}"><summary>${head}</summary>\n${content.join('\n')}\n</details>`;
}

/** Code and other texts of several lines stand on their own, the rest as JSON. */
function argumentBlocks(args: Record<string, unknown>): string[] {
  const entries = Object.entries(args);
  const long = entries.filter(([, value]) => typeof value === 'string' && value.includes('\n'));
  const short = entries.filter((entry) => !long.includes(entry));
  return [
    ...(short.length > 0 ? [labelled('Arguments', block(JSON.stringify(Object.fromEntries(short), null, 2)))] : []),
    ...long.map(([name, value]) => labelled(name, block(String(value)))),
  ];
}

const folded = (title: string, content: string): string =>
  `<details class="call"><summary>${title}</summary>${content}</details>`;

const labelled = (label: string, content: string): string => `<p class="label">${escapeHtml(label)}</p>${content}`;

/** Long texts scroll, which a keyboard does where it can reach them. */
const block = (text: string): string =>
  text.length > 2_000 || text.split('\n', 30).length >= 30
    ? `<pre dir="auto" class="long" tabindex="0">${escapeHtml(text)}</pre>`
    : `<pre dir="auto">${escapeHtml(text)}</pre>`;

/** `search ×2, visit`. */
function toolsOf(calls: readonly CallRecord[]): string {
  const counts = new Map<string, number>();
  for (const { name } of calls) counts.set(name, (counts.get(name) ?? 0) + 1);
  return escapeHtml([...counts].map(([name, count]) => (count > 1 ? `${name} ×${count}` : name)).join(', '));
}

function usage({ reply }: Round): string {
  const { prompt = 0, cached = 0, completion = 0 } = reply?.usage ?? {};
  return `${full(prompt)} tokens of prompt, ${full(cached)} of them cached, ${full(completion)} generated`;
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
