import { expect, test } from 'vitest';
import { ResearchFailed, ServerUnreachable, WorkerMissing } from '../../client/errors.ts';
import type { SessionEvent } from '../../client/events.ts';
import type { Outcome, PendingActivity, Snapshot } from '../../client/snapshot.ts';
import { type SessionSource, type WatchOptions, watchSession } from '../../client/watch/watch.ts';
import { steeringNotice } from '../../protocol/notices.ts';
import type { ResearchResult } from '../../protocol/result.ts';
import type { Status } from '../../protocol/status.ts';
import type { Segment, TrajectoryCursor } from '../../protocol/trajectory.ts';
import { aCall, aResult, aRound, aSegment, aStatus } from './client-fixtures.ts';

/** What the fake session is at one look. */
interface Moment {
  outcome?: Outcome;
  historyLength?: number;
  activities?: Partial<PendingActivity>[];
  status?: Partial<Status>;
  segments?: Segment[];
  serverAway?: boolean;
  workerAway?: boolean;
  result?: ResearchResult | Error;
}

/** A session that is a moment further at each look. Counts what it was asked. */
function fakeSession(moments: Moment[]): { source: SessionSource; cursors: TrajectoryCursor[] } {
  let looks = 0;
  let now: Moment = {};
  const cursors: TrajectoryCursor[] = [];
  const ask = <T>(answer: T): Promise<T> =>
    now.workerAway ? Promise.reject(new WorkerMissing('no worker')) : Promise.resolve(answer);
  const source: SessionSource = {
    async snapshot(): Promise<Snapshot> {
      now = moments[Math.min(looks, moments.length - 1)] ?? {};
      looks += 1;
      if (now.serverAway) throw new ServerUnreachable('no server');
      const activities = (now.activities ?? []).map(
        (activity): PendingActivity => ({ id: '1', type: 'infer', attempt: 1, started: true, ...activity }),
      );
      const { outcome = 'running', historyLength = looks } = now;
      return { runId: 'run', outcome, historyLength, activities, startedAt: 0 };
    },
    status: () => ask(aStatus(now.status)),
    trajectoryPage: (cursor) => {
      cursors.push(cursor);
      const segments = (now.segments ?? [])
        .filter(({ index }) => index >= cursor.segment)
        .map((s) => (s.index === cursor.segment ? { ...s, rounds: s.rounds.slice(cursor.round) } : s));
      return ask({ segments });
    },
    async result() {
      if (now.result instanceof Error) throw now.result;
      return now.result ?? aResult();
    },
  };
  return { source, cursors };
}

async function eventsOf(moments: Moment[], options: WatchOptions = {}): Promise<SessionEvent[]> {
  const events: SessionEvent[] = [];
  for await (const event of watchSession(fakeSession(moments).source, { intervalMs: 1, ...options }))
    events.push(event);
  return events;
}

const brief = (events: SessionEvent[]) =>
  events
    .filter((event) => event.type !== 'status')
    .map((event) => {
      if ('call' in event) return `${event.type} ${event.call.id}`;
      if ('round' in event)
        return `${event.type} ${typeof event.round === 'number' ? event.round : event.round.number}`;
      return event.type;
    });

const END: Moment = { outcome: 'completed', status: { state: 'done' } };

test('a session is told round by round, each thing once', async () => {
  const running = aCall('r1c1', { state: 'running', endedAt: undefined, result: undefined });
  const first = aRound(1, [aCall('r1c1')]);
  const events = await eventsOf([
    { status: { round: 1 }, segments: [aSegment([])] },
    { status: { state: 'working' }, segments: [aSegment([aRound(1, [running], { endedAt: undefined })])] },
    { status: { round: 2 }, segments: [aSegment([first])] },
    { ...END, segments: [aSegment([first, aRound(2)])] },
  ]);
  expect(brief(events)).toEqual([
    'round-started 1',
    'round-replied 1',
    'call-started r1c1',
    'call-finished r1c1',
    'round-finished 1',
    'round-started 2',
    'round-replied 2',
    'round-finished 2',
    'answered',
  ]);
});

test('only new rounds are asked for, and nothing while the history stands still', async () => {
  const segments = [aSegment([aRound(1), aRound(2), aRound(3)], { stopReason: 'discard_all_01' })];
  const later = [...segments, aSegment([aRound(4)], { index: 1 })];
  const { source, cursors } = fakeSession([
    { historyLength: 9, segments },
    { historyLength: 9, segments },
    { historyLength: 12, segments: later },
    { ...END, historyLength: 15, segments: later },
  ]);
  const events: SessionEvent[] = [];
  for await (const event of watchSession(source, { intervalMs: 1 })) events.push(event);
  expect(cursors).toEqual([
    { segment: 0, round: 0 },
    { segment: 0, round: 2 },
    { segment: 1, round: 0 },
  ]);
  const finished = brief(events).filter((text) => text.startsWith('round-finished'));
  expect(finished).toEqual([1, 2, 3, 4].map((number) => `round-finished ${number}`));
  expect(events.filter(({ type }) => type === 'segment-closed')).toEqual([
    { type: 'segment-closed', segment: 1, stopReason: 'discard_all_01' },
  ]);
});

test('what the model writes comes as deltas, and anew where an attempt began anew', async () => {
  const writing = (text: string, reasoning = '', attempt = 1): Moment => ({
    historyLength: 5,
    activities: [
      {
        attempt,
        heartbeat: { round: 1, endpoint: 'one', text, reasoning, startedAt: 0 },
        ...(attempt > 1 ? { failure: 'connection refused' } : {}),
      },
    ],
  });
  const events = await eventsOf([
    writing('<think>First'),
    writing('<think>First I look'),
    writing('<think>First I look</think>Then <tool_call>{"na'),
    writing('<think>Other', '', 2),
    END,
  ]);
  expect(events.filter(({ type }) => type === 'delta' || type === 'retrying')).toEqual([
    { type: 'delta', round: 1, kind: 'thought', text: 'First' },
    { type: 'delta', round: 1, kind: 'thought', text: ' I look' },
    { type: 'delta', round: 1, kind: 'text', text: 'Then' },
    { type: 'retrying', activity: 'infer', attempt: 2, cause: 'connection refused' },
    { type: 'delta', round: 1, kind: 'thought', text: 'Other', replaces: true },
    { type: 'delta', round: 1, kind: 'text', text: '', replaces: true },
  ]);
});

test('a server and a worker that go and come back are told of, and nothing is lost', async () => {
  const segments = [aSegment([aRound(1)])];
  const events = await eventsOf([
    { serverAway: true },
    { serverAway: true },
    { workerAway: true },
    { workerAway: true },
    { segments },
    { serverAway: true },
    { ...END, segments },
  ]);
  expect(brief(events)).toEqual([
    'connection-lost',
    'connection-back',
    'worker-away',
    'round-started 1',
    'round-replied 1',
    'round-finished 1',
    'worker-back',
    'connection-lost',
    'connection-back',
    'answered',
  ]);
});

test('steering, notes, pauses, holds and approvals are told', async () => {
  const noted = aRound(1, [], { notes: [steeringNotice('only\nprimary sources'), 'No more calls.'] });
  const waiting = aCall('r2c1', { state: 'approval', startedAt: undefined, endedAt: undefined, result: undefined });
  const events = await eventsOf([
    { status: { state: 'paused' }, segments: [aSegment([noted])] },
    { status: { state: 'holding', hold: 'the model is gone' }, segments: [aSegment([noted])] },
    { status: { state: 'thinking', round: 2 }, segments: [aSegment([noted])] },
    {
      status: { state: 'approval', round: 2 },
      segments: [aSegment([noted, aRound(2, [waiting], { endedAt: undefined })])],
    },
    { ...END, segments: [aSegment([noted])] },
  ]);
  expect(events).toContainEqual({ type: 'steering-applied', round: 1, text: 'only\nprimary sources' });
  expect(events).toContainEqual({ type: 'note', round: 1, text: 'No more calls.' });
  expect(brief(events).filter((text) => /paused|holding|resumed|approval/.test(text))).toEqual([
    'paused',
    'holding',
    'resumed',
    'waiting-for-approval r2c1',
  ]);
  expect(events).toContainEqual({ type: 'holding', reason: 'the model is gone' });
});

test('an answer is told while the session is open, a follow-up from its round on', async () => {
  const first = aResult({ rounds: 1 });
  const second = aResult({ rounds: 2, answer: 'And so on.' });
  const moments: Moment[] = [
    { status: { state: 'open', result: first }, segments: [aSegment([aRound(1)])] },
    {
      status: { state: 'open', result: second },
      segments: [aSegment([aRound(1, [], { followUp: 'And?' }), aRound(2)])],
    },
    { ...END, result: second },
  ];
  const answers = (events: SessionEvent[]) =>
    events.flatMap((event) => (event.type === 'answered' ? [`${event.result.rounds} ${event.open}`] : []));
  const all = await eventsOf(moments);
  expect(answers(all)).toEqual(['1 true', '2 true', '2 false']);
  expect(all).toContainEqual({ type: 'follow-up', round: 1, question: 'And?' });
  const later = await eventsOf(moments, { afterRound: 1 });
  expect(answers(later)).toEqual(['2 true', '2 false']);
  expect(brief(later)).not.toContain('round-finished 1');
});

test.each([
  [
    new ResearchFailed('failed', 'no such model', { type: 'ModelRejected' }),
    { kind: 'failed', failureType: 'ModelRejected' },
  ],
  [new ResearchFailed('terminated', 'by hand'), { kind: 'terminated' }],
])('%s is the last event', async (result, expected) => {
  const events = await eventsOf([{ outcome: 'failed', workerAway: true, result }]);
  expect(events.at(-1)).toEqual({ type: 'failed', message: result.message, ...expected });
});

test('a cancelled session ends the watch', async () => {
  const events = await eventsOf([{ outcome: 'cancelled', result: new ResearchFailed('cancelled', 'cancelled') }]);
  expect(events.at(-1)).toEqual({ type: 'cancelled', message: 'cancelled' });
});

test('the signal ends a watch between two looks', async () => {
  const leave = new AbortController();
  const seen: SessionEvent[] = [];
  for await (const event of watchSession(fakeSession([{}]).source, { intervalMs: 600_000, signal: leave.signal })) {
    seen.push(event);
    setImmediate(() => leave.abort());
  }
  expect(seen.length).toBeGreaterThan(0);
});
