import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  eventually,
  modelCalls,
  openSessions,
  played,
  type Sessions,
  START_LIMIT_MS,
  statusOf,
} from '../support/sessions.ts';

let sessions: Sessions;

beforeAll(async () => {
  sessions = await openSessions();
}, START_LIMIT_MS);

afterAll(() => sessions?.close());

beforeEach(() => sessions.model.requests.clear());

test('SIGTERM during a model call closes it, ends the worker in order, and hands the call to the next worker', async () => {
  const first = await sessions.work();
  const session = await sessions.start(played({ rounds: 2, replyDelayMs: 4000 }, { tools: ['bash'] }));
  await eventually('a model call runs', () => modelCalls(sessions).length === 1);
  expect(await first.stop()).toBe(0);
  expect(modelCalls(sessions)).toMatchObject([{ disconnected: true }]);
  const second = await sessions.work();
  expect(await session.result()).toMatchObject({ stopReason: 'no_tool_calls', rounds: 3 });
  expect(modelCalls(sessions).filter(({ status }) => status === 200)).toHaveLength(3);
  const { events } = await session.fetchHistory();
  expect(events?.filter((event) => event.activityTaskCanceledEventAttributes)).toEqual([]);
  await second.stop();
});

test('SIGTERM during a command leaves it running; the next worker takes its result and does not run it again', async () => {
  const first = await sessions.work();
  const command = 'echo begun >> log.txt; sleep 5; echo ended >> log.txt; cat log.txt';
  const session = await sessions.start(played({ script: [{ name: 'bash', arguments: { command } }] }));
  await eventually('the command runs', async () => (await statusOf(session)).calls[0]?.state === 'running');
  expect(await first.stop()).toBe(0);
  const second = await sessions.work();
  const { artifacts } = await session.result();
  expect(artifacts.map(({ name }) => name)).toEqual(['log.txt']);
  const transcript = await session.query<{ content: string }[]>('transcript');
  expect(transcript[3]?.content).toContain('begun\nended');
  await second.stop();
});
