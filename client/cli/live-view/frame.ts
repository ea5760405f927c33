import type { Status } from '../../../protocol/status.ts';
import type { SessionEvent } from '../../events.ts';
import { cachedShare, count, duration } from '../format.ts';
import { retryText } from '../retry-text.ts';
import type { Style } from '../style.ts';
import { clean, cleanLine, truncate, widthOf, wrap } from '../text.ts';
import { callLineOf } from './lines.ts';

/** What the live region shows. */
export interface LiveState {
  status?: Status;
  /** What the model is writing now, thought and text. */
  writing: { round: number; thought: string; text: string };
  /** What is in the way just now, such as a lost connection. */
  trouble: { connection?: string; worker?: string; retry?: Extract<SessionEvent, { type: 'retrying' }> };
}

export const newLiveState = (): LiveState => ({ writing: { round: 0, thought: '', text: '' }, trouble: {} });

/** The state after an event. */
export function advance(state: LiveState, event: SessionEvent): LiveState {
  const trouble = (change: LiveState['trouble']): LiveState => ({ ...state, trouble: { ...state.trouble, ...change } });
  switch (event.type) {
    case 'status':
      return { ...state, status: event.status };
    case 'round-started':
      return { ...state, writing: { round: event.round, thought: '', text: '' } };
    case 'delta': {
      const fresh = event.round !== state.writing.round;
      const writing = fresh ? { round: event.round, thought: '', text: '' } : state.writing;
      const before = event.replaces ? '' : writing[event.kind];
      const { retry: _, ...rest } = state.trouble;
      return { ...state, writing: { ...writing, [event.kind]: before + event.text }, trouble: rest };
    }
    case 'round-replied': {
      const { retry: _, ...rest } = state.trouble;
      return { ...state, writing: { round: event.round.number, thought: '', text: '' }, trouble: rest };
    }
    case 'call-finished': {
      const { retry: _, ...rest } = state.trouble;
      return { ...state, trouble: rest };
    }
    case 'retrying':
      return trouble({ retry: event });
    case 'connection-lost':
      return trouble({ connection: 'no connection to the Temporal server, trying again' });
    case 'connection-back':
      return trouble({ connection: undefined });
    case 'worker-away':
      return trouble({ worker: 'waiting for a worker' });
    case 'worker-back':
      return trouble({ worker: undefined });
    default:
      return state;
  }
}

export interface FrameOptions {
  style: Style;
  columns: number;
  /** Most lines of the region. */
  rows: number;
  now: number;
}

const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const MOST_CALLS = 3;
const MOST_WRITING = 4;

/** The live region: where the session stands, what the model is writing, what runs, what is in the way. */
export function frameOf(state: LiveState, { style, columns, rows, now }: FrameOptions): string[] {
  const spinner = SPINNER[Math.floor(now / 120) % SPINNER.length] ?? '';
  const { status } = state;
  const calls = status?.calls ?? [];
  const shown = calls.slice(0, MOST_CALLS).map((call) => callLineOf(call, { style, columns }, now));
  const more = calls.length > MOST_CALLS ? [`     and ${calls.length - MOST_CALLS} more`] : [];
  const { connection, worker, retry } = state.trouble;
  const trouble = [connection, worker, retry && retryText(retry, now)].filter((text) => text !== undefined);
  const steering = status?.steering.length
    ? [`     » not yet seen by the model: ${cleanLine(status.steering.join(' · '))}`]
    : [];
  return [
    truncate(`  ${spinner}  ${status ? headline(status, now, columns - 5) : 'waiting for the session'}`, columns),
    ...trouble.slice(0, 1).map((text) => style('warn', truncate(`     ! ${cleanLine(text)}`, columns))),
    ...steering.map((line) => style('person', truncate(line, columns))),
    ...shown,
    ...more,
    ...writingLines(state, columns).map((line) => style('quiet', line)),
  ].slice(0, Math.max(1, rows));
}

/** What matters less stands behind, and is left out where there is no room. */
function headline(status: Status, now: number, columns: number): string {
  const { usage, context } = status;
  const parts = [
    status.round > 0 ? `round ${status.round}/${status.maxRounds}` : '',
    STATES[status.state] ?? status.state,
    duration(now - status.startedAt),
    `${count(usage.prompt + usage.completion)} tokens (${cachedShare(usage)}% cached)`,
    `context ${Math.round((100 * context.tokens) / context.limit)}%`,
  ].filter(Boolean);
  while (parts.length > 2 && widthOf(parts.join(' · ')) > columns) parts.pop();
  return parts.join(' · ');
}

const STATES: Partial<Record<Status['state'], string>> = { approval: 'waits for you', open: 'open for questions' };

/** The last lines of what is being written. Only the tail is looked at: a thought may be 80 KB long. */
function writingLines({ writing, status }: LiveState, columns: number): string[] {
  if (status && !['thinking', 'answering', 'summarising'].includes(status.state)) return [];
  const source = writing.text || writing.thought;
  const tail = clean(source.slice(-MOST_WRITING * columns * 2));
  return wrap(tail, columns - 7)
    .filter((line) => line.trim() !== '')
    .slice(-MOST_WRITING)
    .map((line) => truncate(`     │ ${line}`, columns));
}
