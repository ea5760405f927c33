import { firstSentence, readReply } from '../../../protocol/report.ts';
import type { CallRecord, Round } from '../../../protocol/trajectory.ts';
import { summaryOf } from '../../../workflows/call-summary.ts';
import type { SessionEvent } from '../../events.ts';
import { cachedShare, count, duration } from '../format.ts';
import { retryText } from '../retry-text.ts';
import type { Role, Style } from '../style.ts';
import { cleanLine, truncate, widthOf, wrap } from '../text.ts';

export interface LineOptions {
  style: Style;
  /** Lines are cut to this; `Infinity` where nobody looks at columns. */
  columns: number;
  id: string;
  /** How a person calls the command line. */
  command: string;
}

/** What stays on the screen of an event: finished rounds and what a person should know. Most events leave nothing. */
export function permanentLines(event: SessionEvent, options: LineOptions): string[] {
  const tell = (role: Role, text: string) => [
    options.style(role, truncate(`     ${cleanLine(text)}`, options.columns)),
  ];
  // A cause, a command or a person's own words cut in the middle are of no use.
  const say = (role: Role, text: string) =>
    wrap(cleanLine(text), options.columns - 7).map((line, index) =>
      options.style(role, `${index === 0 ? '     ' : '       '}${line}`),
    );
  switch (event.type) {
    case 'round-finished':
      return roundLines(event.round, options);
    case 'steering-applied':
      return say('person', `» told to the model: ${event.text}`);
    case 'note':
      return tell('quiet', `· ${event.text}`);
    case 'follow-up':
      return say('person', `» follow-up: ${event.question}`);
    case 'segment-closed':
      if (!/^discard_all_\d/.test(event.stopReason)) return [];
      return tell('quiet', `· the context was full: it goes on from a summary (${event.stopReason})`);
    case 'paused':
      return say('warn', `‖ paused; go on with: ${options.command} resume ${options.id}`);
    case 'holding':
      return say('warn', `! holding: ${event.reason} Mend that, then: ${options.command} resume ${options.id}`);
    case 'resumed':
      return tell('quiet', '· goes on');
    case 'waiting-for-approval':
      return [
        ...tell('warn', `? ${event.call.name} waits for approval: ${summaryOf(event.call.name, event.call.arguments)}`),
        options.style('warn', `       ${options.command} approve ${options.id} ${event.call.id} [--no]`),
      ];
    case 'retrying':
      return say('warn', `! ${retryText(event, Date.now())}`);
    case 'connection-lost':
      return say('warn', `! ${event.message}`);
    case 'connection-back':
      return tell('quiet', '· the Temporal server is back');
    case 'worker-away':
      return say('warn', `! ${event.message}`);
    case 'worker-back':
      return tell('quiet', '· a worker is back');
    default:
      return [];
  }
}

/** A line from elsewhere, among the session's own. */
export const noticeLines = (text: string, { style, columns }: Pick<LineOptions, 'style' | 'columns'>): string[] =>
  wrap(cleanLine(text), columns - 7).map((line, index) =>
    style('quiet', `${index === 0 ? '     · ' : '       '}${line}`),
  );

function roundLines(round: Round, { style, columns }: LineOptions): string[] {
  const { reply } = round;
  if (!reply) return [];
  const said = readReply(reply);
  const thought = cleanLine(firstSentence(said.thought || said.text)) || '(no thought)';
  const { usage } = reply;
  const figures = `${count(usage.prompt)} (${cachedShare(usage)}% cached) → ${count(usage.completion)} · ${duration(reply.elapsedMs)}`;
  const room = columns - 5 - widthOf(figures) - 2;
  const [first = '', ...rest] = wrap(thought, room);
  return [
    `${style('strong', String(round.number).padStart(3))}  ${ending(first, figures, columns - 5, style)}`,
    ...(rest.length ? [`     ${truncate(rest.join(' '), room)}`] : []),
    ...round.calls.map((call) => callLineOf(call, { style, columns })),
  ];
}

const MARKS: Partial<Record<CallRecord['state'], [Role, string]>> = {
  failed: ['bad', '✗'],
  refused: ['warn', '✗'],
  skipped: ['quiet', '-'],
};

/** A call as one line: how it went, the tool, what for, and how long it took (or is taking, given `now`). */
export function callLineOf(
  call: Pick<CallRecord, 'name' | 'arguments' | 'state' | 'startedAt'> & { endedAt?: number },
  { style, columns }: { style: Style; columns: number },
  now?: number,
): string {
  const [role, mark] = MARKS[call.state] ?? ['quiet', call.state === 'done' ? '·' : '»'];
  const name = cleanLine(call.name);
  const end = call.endedAt ?? now;
  const time = call.startedAt === undefined || end === undefined ? '' : duration(end - call.startedAt);
  const state = ['failed', 'refused', 'skipped'].includes(call.state) ? call.state : '';
  const asked = cleanLine(summaryOf(call.name, call.arguments));
  const tail = [state, time].filter(Boolean).join(' ');
  const indent = 7 + widthOf(name) + 2;
  return `     ${style(role, mark)} ${style('name', name)}  ${ending(asked, tail, columns - indent, style)}`;
}

/** A text with figures at the line's right end; the text gives way. */
function ending(text: string, figures: string, columns: number, style: Style): string {
  if (!Number.isFinite(columns)) return figures ? `${text}  (${figures})` : text;
  const room = Math.max(0, columns - (figures ? widthOf(figures) + 2 : 0));
  const kept = truncate(text, room);
  const gap = ' '.repeat(Math.max(figures ? 2 : 0, columns - widthOf(kept) - widthOf(figures)));
  return figures ? `${kept}${gap}${style('quiet', figures)}` : kept;
}
