import type { Status } from '../protocol/status.ts';
import type { CallRecord } from '../protocol/trajectory.ts';
import { summaryOf } from './call-summary.ts';
import { currentSegment, type SessionData } from './session-state.ts';

const ROUNDS_SHOWN = 8;
const CALLS_SHOWN = 4;

const STATES: Record<Status['state'], string> = {
  preparing: 'preparing',
  thinking: 'the model thinks',
  working: 'tools run',
  approval: '**waits for approval**',
  paused: '**paused**; the update `resume` goes on',
  holding: '**holds**; the update `resume` tries again',
  summarising: 'summarising, the context is nearly full',
  answering: 'the model gives its last answer',
  open: 'answered; the update `ask` takes follow-up questions',
  done: 'done',
};

/** The Web UI's "current details": Markdown of what happens now, far below Temporal's 20,000 bytes. */
export function detailsOf(status: Status, data: SessionData): string {
  const tokens = status.context;
  const lines = [
    `**Round ${status.round}** of at most ${status.maxRounds} · ${STATES[status.state]}`,
    '',
    `Context ${thousands(tokens.tokens)} of ${thousands(tokens.limit)} tokens · segment ${status.segment} · prompt ${thousands(status.usage.prompt)} (${cachedShare(status)} cached) · written ${thousands(status.usage.completion)}`,
  ];
  if (status.hold) lines.push('', `Cause: ${inline(status.hold)}`);
  if (status.steering.length) lines.push('', `Not yet seen by the model: ${status.steering.map(inline).join(' · ')}`);
  for (const call of status.calls) {
    const waits = call.state === 'approval' ? ' waits for approval (update `approve`)' : '';
    lines.push('', `- ${call.id} ${call.name}${waits}: ${inline(summaryOf(call.name, call.arguments))}`);
  }
  lines.push(...lastRounds(data));
  if (data.sources.length) {
    lines.push(
      '',
      `Opened: ${data.sources
        .slice(-5)
        .map((source) => inline(source.url))
        .join(' · ')}`,
    );
  }
  return lines.join('\n');
}

/** What the rounds before came to, newest first. Calls that have not ended are listed above it. */
function lastRounds(data: SessionData): string[] {
  const rounds = currentSegment(data).rounds.slice(-ROUNDS_SHOWN).reverse();
  const lines = rounds.flatMap(({ number, calls }) => {
    const ended = calls.filter(({ result }) => result !== undefined);
    const shown = ended.slice(0, CALLS_SHOWN).map((call) => {
      const state = call.state === 'done' ? '' : ` (${call.state})`;
      return `${call.name}${state}: ${subjectOf(call)}`;
    });
    const more = ended.length > CALLS_SHOWN ? [`${ended.length - CALLS_SHOWN} more`] : [];
    return ended.length ? [`- round ${number}: ${[...shown, ...more].join(' · ')}`] : [];
  });
  return lines.length ? ['', 'Before:', '', ...lines] : [];
}

/** What a call that has ended was about; shown in several rounds, and the same in all. */
function subjectOf(call: CallRecord): string {
  const known = subjects.get(call);
  if (known !== undefined) return known;
  const subject = inline(summaryOf(call.name, call.arguments), 120);
  subjects.set(call, subject);
  return subject;
}

const subjects = new WeakMap<CallRecord, string>();

const thousands = (count: number): string => (count < 10_000 ? String(count) : `${Math.round(count / 1000)}K`);

function cachedShare({ usage }: Status): string {
  return usage.prompt === 0 ? '0 %' : `${Math.round((100 * usage.cached) / usage.prompt)} %`;
}

/** Text from models and people as one line of inert Markdown. */
function inline(text: string, longest = 300): string {
  const line = text.replace(/\s+/g, ' ').replace(/`/g, "'");
  return `\`${line.length > longest ? `${line.slice(0, longest)}…` : line}\``;
}
