import {
  type BatchResult,
  type BatchSettings,
  type BatchStateName,
  type BatchStatus,
  type BatchTotals,
  noTotals,
  type RowOutcome,
} from '../protocol/batch.ts';
import type { BatchTask, OpenedBatch } from '../protocol/batch-activities.ts';
import { addUsage } from '../protocol/reply.ts';
import { count } from '../protocol/sketch.ts';

/** A session that was started and whose row is not yet in the output. */
export interface OpenSession {
  id: string;
  task: BatchTask;
}

/** Everything a batch knows: plain data whose size depends on the window alone, carried over by continue-as-new. */
export interface BatchData {
  /** Without the rows, which are stored. */
  settings: BatchSettings;
  opened: OpenedBatch;
  /** The first session of the plan that was not started. */
  next: number;
  /** In the order in which they were started. */
  open: OpenSession[];
  /** Bytes of each rollout's output file. */
  offsets: number[];
  totals: BatchTotals;
  /** The last sessions that ended. */
  recent: RowOutcome[];
  window: number;
  paused: boolean;
  startedAt: number;
}

const MOST_RECENT = 50;
const MOST_OPEN_SHOWN = 20;

/** Before the input is read. People may pause a batch before, or narrow its window. */
export const newBatch = (settings: BatchSettings, startedAt: number): BatchData => ({
  settings: { ...settings, rows: undefined, packed: undefined },
  opened: {
    output: '',
    rows: 0,
    tasks: 0,
    skipped: 0,
    broken: [],
    brokenCount: 0,
    offsets: [],
    searchAttributes: false,
  },
  next: 0,
  open: [],
  offsets: [],
  totals: noTotals(),
  recent: [],
  window: settings.window,
  paused: false,
  startedAt,
});

/** Counts in a session whose row is in the output. */
export function addOutcome(data: BatchData, outcome: RowOutcome): void {
  data.open = data.open.filter(({ id }) => id !== outcome.session);
  if (outcome.status === 'cancelled') return;
  const { totals } = data;
  const { usage } = outcome;
  totals[outcome.status] += 1;
  totals.usage = addUsage(totals.usage, usage);
  count(totals.rounds, outcome.rounds);
  count(totals.calls, outcome.calls);
  count(totals.tokens, usage.prompt + usage.completion);
  count(totals.seconds, outcome.elapsedMs / 1000);
  data.recent = [...data.recent, outcome].slice(-MOST_RECENT);
}

export const doneOf = ({ totals }: Pick<BatchData, 'totals'>): number => totals.success + totals.timeout + totals.error;

export const isFinished = ({ opened, next, open }: BatchData): boolean => next >= opened.tasks && open.length === 0;

export function statusOf(data: BatchData, state: BatchStateName, openCount: number): BatchStatus {
  const { opened, settings } = data;
  return {
    state,
    total: opened.tasks + opened.skipped,
    rows: opened.rows,
    rollouts: settings.rollouts,
    skipped: opened.skipped,
    done: doneOf(data),
    totals: data.totals,
    open: data.open.slice(0, MOST_OPEN_SHOWN).map(({ id }) => id),
    openCount,
    window: data.window,
    broken: opened.broken,
    brokenCount: opened.brokenCount,
    output: opened.output,
    startedAt: data.startedAt,
  };
}

export function resultOf(data: BatchData, state: BatchResult['state'], now: number): BatchResult {
  const { opened } = data;
  return {
    state,
    total: opened.tasks + opened.skipped,
    skipped: opened.skipped,
    totals: data.totals,
    broken: opened.broken,
    brokenCount: opened.brokenCount,
    output: opened.output,
    elapsedMs: now - data.startedAt,
  };
}

/** The Web UI's "current details": Markdown of where the batch is. */
export function detailsOf(status: BatchStatus): string {
  const { totals, total, skipped, done, openCount, window } = status;
  const { usage } = totals;
  const cached = usage.prompt === 0 ? 0 : Math.round((100 * usage.cached) / usage.prompt);
  const lines = [
    `**${status.state}** · ${done + skipped} of ${total} sessions done · ${openCount} at work, ${window} at most`,
    '',
    `success ${totals.success} · timeout ${totals.timeout} · error ${totals.error}${skipped ? ` · taken over ${skipped}` : ''}`,
    '',
    `prompt ${usage.prompt} tokens (${cached} % cached) · written ${usage.completion}`,
    '',
    `Output: \`${status.output}\``,
  ];
  for (const { line, reason } of status.broken.slice(0, 5)) {
    lines.push('', `Line ${line} of the input was left out: \`${reason.replaceAll('`', "'").slice(0, 200)}\``);
  }
  return lines.join('\n');
}
