import { type CheckedClaims, claimLines } from './claims.ts';
import { isRehearsal, REHEARSAL_NOTE } from './names.ts';
import type { Usage } from './reply.ts';
import type { ResearchResult } from './result.ts';
import type { Status } from './status.ts';
import type { Source } from './tool-call.ts';
import type { CallRecord, Round, Segment } from './trajectory.ts';

/** Characters. With three bytes each, as in Chinese, the whole stays near 200 KB: half of what a query may answer. */
const LONGEST = {
  question: 4_000,
  answer: 30_000,
  sources: 10_000,
  claims: 6_000,
  rounds: 24_000,
  thought: 240,
  call: 160,
};

/**
 * A session as Markdown for people: the question, where it stands, the answer if there is one, the sources, one line a
 * round and the totals. Where the rounds are too many, those in the middle are left out, and it says so.
 */
export function reportOf(status: Status, segments: Segment[]): string {
  const { result } = status;
  return [
    `# ${escapeInline(firstSentence(status.question, 120))}`,
    quote(cut(status.question, LONGEST.question)),
    stateLine(status),
    ...(status.hold ? [`**Waiting:** ${escapeInline(status.hold)}`] : []),
    ...(result
      ? ['## Answer', ...rehearsalMark(result), closeFence(cut(result.answer, LONGEST.answer)) || '(empty)']
      : []),
    ...(result?.sources.length ? ['## Sources', sourceList(result.sources, LONGEST.sources)] : []),
    ...claimsSection(result, LONGEST.claims),
    ...(result?.artifacts.length ? ['## Files', artifactList(result)] : []),
    '## Rounds',
    roundLines(segments),
    '## Totals',
    totalsOf(status),
  ].join('\n\n');
}

/** The check of an answer's claims as a section; nothing where there was none, or nothing to check. */
export function claimsSection(result: Partial<CheckedClaims> | undefined, longest = Infinity): string[] {
  const lines = claimLines(result ?? {}).map((line) => `- ${escapeInline(line)}`);
  if (lines.length === 0) return [];
  const shown = lines.slice(0, Math.max(1, countWithin(lines, longest)));
  const left = lines.length - shown.length;
  return ['## Claims checked', [...shown, ...(left > 0 ? [`- ${left} more are left out.`] : [])].join('\n')];
}

/** The files that a session gives back, a line each, and what is not among them. */
export function artifactList({
  artifacts,
  artifactsNote,
}: Pick<ResearchResult, 'artifacts' | 'artifactsNote'>): string {
  const lines = artifacts.map(
    ({ name, bytes, type }) => `- ${escapeInline(name)} (${escapeInline(type)}, ${bytes} bytes)`,
  );
  return [...lines, ...(artifactsNote ? ['', escapeInline(artifactsNote)] : [])].join('\n');
}

/** What stands above an answer that no language model gave. */
export const rehearsalMark = ({ model }: { model: string }): string[] =>
  isRehearsal(model) ? [`*${REHEARSAL_NOTE}*`] : [];

/** What a reply says, without its markup: the thought (apart or in `<think>`), and the text without calls. */
export function readReply({ text, reasoning }: { text: string; reasoning?: string }): {
  thought: string;
  text: string;
} {
  const thoughts = reasoning ? [reasoning] : [];
  const opens = text.search(/<think>/i);
  const closes = text.search(/<\/think>/i);
  // Some servers strip the opening tag.
  const lone = closes !== -1 && (opens === -1 || opens > closes);
  if (lone) thoughts.push(text.slice(0, closes));
  const said = (lone ? text.slice(closes + '</think>'.length) : text)
    .replace(/<think>([\s\S]*?)(?:<\/think>|$)/gi, (_, thought: string) => {
      thoughts.push(thought);
      return '';
    })
    .replace(/<tool_call>[\s\S]*?(?:<\/tool_call>|$)/gi, '')
    .replace(/<\/?answer>/gi, '')
    // A tag that is still being written.
    .replace(/<\/?[a-z_]*$/i, '');
  const thought = thoughts.map((part) => part.replace(/<\/?[a-z_]*$/i, '').trim()).filter(Boolean);
  return { thought: thought.join('\n\n'), text: said.trim() };
}

/** A text's first sentence as one line of at most `longest` characters. */
export function firstSentence(text: string, longest = LONGEST.thought): string {
  const line = text
    .slice(0, 20 * longest)
    .replace(/\s+/g, ' ')
    .trim();
  const end = /[.!?](?=\s)|[。！？]/.exec(line);
  return cut(end ? line.slice(0, end.index + 1) : line, longest);
}

/** What a call asks for, as one line: its arguments' values, of code the first line. */
export function callLine(args: Record<string, unknown>, longest = LONGEST.call): string {
  const values = Object.values(args).flatMap((value) => (Array.isArray(value) ? value : [value]));
  const lines = values.map((value) => {
    const text = (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, 20 * longest).trim();
    const [first = '', ...rest] = text.split('\n');
    return rest.length ? `${first.trim()} …` : first;
  });
  return cut(lines.filter(Boolean).join(' · '), longest);
}

/** `12,345 prompt tokens (91 % cached), 678 generated`. */
export function usageLine(usage: Usage): string {
  const share = usage.prompt ? Math.round((100 * usage.cached) / usage.prompt) : 0;
  return `${grouped(usage.prompt)} prompt tokens (${share} % cached), ${grouped(usage.completion)} generated`;
}

/** Sources as a numbered list of links, cut where it would pass `longest` characters. */
export function sourceList(sources: Source[], longest = Infinity): string {
  const lines: string[] = [];
  let used = 0;
  for (const [index, { url, title }] of sources.entries()) {
    const address = url.replace(/[\s<>]/g, (character) => encodeURIComponent(character));
    const line = `${index + 1}. ${title ? `${escapeInline(title)}: ` : ''}<${address}>`;
    used += line.length;
    if (used > longest) return [...lines, '', `${sources.length - index} more are left out.`].join('\n');
    lines.push(line);
  }
  return lines.join('\n');
}

/** Markdown whose last code block is closed, so that it cannot swallow what follows. */
export function closeFence(markdown: string): string {
  let open = '';
  for (const line of markdown.split('\n')) {
    const fence = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
    if (!fence) continue;
    const [, mark = '', rest = ''] = fence;
    if (!open) open = mark.startsWith('`') && rest.includes('`') ? '' : mark;
    else if (mark.startsWith(open) && rest.trim() === '') open = '';
  }
  return open ? `${markdown}\n${open}` : markdown;
}

/** Text from models, pages and people as one line without markup of its own. */
export function escapeInline(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_[\]]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;');
}

function stateLine(status: Status): string {
  const { result, state } = status;
  if (result)
    return `**${state === 'open' ? 'Answered, open for follow-up questions' : 'Answered'}** (${result.stopReason})`;
  const { tokens, limit } = status.context;
  const filled = Math.round((100 * tokens) / limit);
  return `**${state}**, round ${status.round} of at most ${status.maxRounds}, context ${filled} % full`;
}

function roundLines(segments: Segment[]): string {
  const blocks = segments.flatMap((segment) => [
    ...(segments.length > 1 ? [`### Segment ${segment.index + 1}`] : []),
    ...segment.rounds.map(roundBlock),
    ...(segment.summary ? ['- *The context was full: the rest goes on from a summary.*'] : []),
  ]);
  if (blocks.length === 0) return 'None yet.';
  const half = LONGEST.rounds / 2;
  const head = countWithin(blocks, half);
  const tail = countWithin(blocks.slice(head).reverse(), half);
  const left = blocks.length - head - tail;
  if (left <= 0) return blocks.join('\n');
  const gap = `- *${left} lines left out here; the query \`trajectory\` has them all.*`;
  return [...blocks.slice(0, head), gap, ...blocks.slice(blocks.length - tail)].join('\n');
}

function roundBlock(round: Round): string {
  const said = round.reply ? readReply(round.reply) : { thought: '', text: '' };
  const thought = escapeInline(firstSentence(said.thought || said.text));
  const head = round.reply ? `- **${round.number}** ${thought}` : `- **Note** after round ${round.number}`;
  const followUp = round.followUp === undefined ? [] : [`  - follow-up: ${escapeInline(cut(round.followUp, 300))}`];
  const notes = round.notes.map((note) => `  - note: ${escapeInline(cut(note, LONGEST.thought))}`);
  return [head, ...round.calls.map(callBlock), ...notes, ...followUp].join('\n').slice(0, LONGEST.rounds / 8);
}

function callBlock(call: CallRecord): string {
  const state = call.state === 'done' ? '' : ` (${call.state})`;
  return `  - ${escapeInline(call.name)}${state}: ${escapeInline(callLine(call.arguments))}`;
}

function totalsOf(status: Status): string {
  const { result } = status;
  const rounds = result?.rounds ?? status.round;
  const segments = status.segment > 1 ? `, ${status.segment} segments` : '';
  const seconds = result ? `, ${grouped(Math.round(result.elapsedMs / 1000))} s` : '';
  return `${grouped(rounds)} rounds${segments}, ${usageLine(status.usage)}${seconds}.`;
}

function countWithin(blocks: string[], budget: number): number {
  let used = 0;
  const past = blocks.findIndex((block) => {
    used += block.length + 1;
    return used > budget;
  });
  return past === -1 ? blocks.length : past;
}

const quote = (text: string): string => text.replace(/^/gm, '> ');

const cut = (text: string, longest: number): string =>
  text.length > longest ? `${text.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, '')}…` : text;

/** `1234567` as `1,234,567`; not by `Intl`, which may differ between machines. */
const grouped = (count: number): string => String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
