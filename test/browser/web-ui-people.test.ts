import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readHistory, recordedSession } from '../../client/replay/recorded-session.ts';
import { QUERY, WORKFLOW } from '../../protocol/names.ts';
import { eventually, openSessions, played, type Sessions, START_LIMIT_MS, statusOf } from '../support/sessions.ts';
import { openWebUi, type WebUi } from '../support/web-ui.ts';

/** What people do with a session, by the stock Web UI alone. */
let sessions: Sessions;
let ui: WebUi;

beforeAll(async () => {
  sessions = await openSessions();
  await sessions.work();
  ui = await openWebUi(sessions.uiUrl);
}, START_LIMIT_MS);

afterAll(async () => {
  await ui?.close();
  await sessions?.close();
});

const LIMIT_MS = 300_000;
const bash = (command: string) => ({ name: 'bash', arguments: { command } });
const running = (state: string) =>
  `WorkflowType = "deepResearch" AND ExecutionStatus = "Running" AND ResearchState = "${state}" AND TaskQueue = "${sessions.taskQueue}"`;

test('a call that waits is found in the list, seen, refused with a reason, and the next one is approved', {
  timeout: LIMIT_MS,
}, async () => {
  const script = [bash('rm -r notes'), bash('echo harmless')];
  const session = await sessions.start(played({ script }, { approve: ['bash'] }));
  const waits = (id: string) =>
    eventually(`${id} waits`, async () =>
      (await statusOf(session)).calls.some((call) => call.id === id && call.state === 'approval'),
    );
  await waits('r1c1');
  await eventually('the list has it', async () => (await ui.list(running('approval'))).includes(session.workflowId));

  await ui.open(session.workflowId);
  const status = await ui.query('status');
  expect(status).toContain('"command": "rm -r notes"');
  expect(status).toContain('"state": "approval"');
  await ui.page.getByTestId('user-metadata-tab').click();
  // Markdown is shown in a frame of its own.
  await ui.page.frameLocator('iframe').first().getByText('waits for approval').first().waitFor();

  expect(await ui.refusedUpdate('approve', '{"callId": "r9c9", "approved": true}')).toContain(
    'no call "r9c9" waits for approval; waiting: r1c1',
  );
  await ui.update('approve', '{"callId": "r1c1", "approved": false, "reason": "Nothing is deleted here."}');
  await waits('r2c1');
  await ui.update('approve', '{"callId": "r2c1", "approved": true}');
  expect((await session.result()).stopReason).toBe('no_tool_calls');
  const calls = recordedCalls(await ui.download());
  expect(calls).toEqual([
    ['r1c1', 'skipped'],
    ['r2c1', 'done'],
  ]);
  const transcript = await transcriptOf(session);
  expect(transcript).toContain('A person refused this call. Reason: Nothing is deleted here.');
  expect(transcript).toContain('harmless');
});

/** The Web UI shows no more of a long result than fits its window. */
const transcriptOf = async (session: WorkflowHandle) => JSON.stringify(await session.query(QUERY.transcript));

const recordedCalls = (history: string) =>
  recordedSession(readHistory(history, 'downloaded')).segments.flatMap(({ rounds }) =>
    rounds.flatMap(({ calls }) => calls.map(({ id, state }) => [id, state])),
  );

test('a session that is kept open takes a follow-up question', { timeout: LIMIT_MS }, async () => {
  const session = await sessions.start(played({ rounds: 1 }, { keepOpenSeconds: 240 }));
  await eventually('it is open', async () => (await statusOf(session)).state === 'open');
  await eventually('the list has it', async () => (await ui.list(running('open'))).includes(session.workflowId));
  await ui.open(session.workflowId);
  await ui.update('ask', '"And of Romania?"');
  await eventually('it answers that as well', async () => {
    const { state, round } = await statusOf(session);
    return state === 'open' && round > 2;
  });
  expect(await transcriptOf(session)).toContain('And of Romania?');
  await ui.cancel();
  await eventually('it has ended', async () => (await session.describe()).status.name === 'CANCELLED');
});

test('a session goes on from an earlier round, by the form', { timeout: LIMIT_MS }, async () => {
  const original = await sessions.start(played({ rounds: 3 }));
  await original.result();
  const workflowId = `fork-${randomUUID()}`;
  await ui.start({
    workflowId,
    taskQueue: sessions.taskQueue,
    type: WORKFLOW.session,
    input: JSON.stringify({ fork: { session: original.workflowId, round: 2 }, steer: 'Mind the colours.' }),
  });
  const fork = sessions.client.workflow.getHandle(workflowId);
  await fork.result();
  await ui.open(workflowId);
  await ui.page.getByTestId('memo-tab').click();
  await ui.page.getByRole('main').getByText(original.workflowId).first().waitFor();
  expect(await transcriptOf(fork)).toContain('Mind the colours.');
  // Its first two rounds are the original's, so it asks for the third.
  await ui.page.getByTestId('history-tab').click();
  await ui.page.getByText('round 3').first().waitFor();
  expect(await ui.page.getByText('round 2', { exact: true }).count()).toBe(0);
});

test('long sessions are found by their rounds', { timeout: LIMIT_MS }, async () => {
  const long = await sessions.start(played({ rounds: 12 }, { tools: ['bash'] }));
  await long.result();
  await eventually('the list has it', async () =>
    (await ui.list(`ResearchRounds > 9 AND TaskQueue = "${sessions.taskQueue}"`)).includes(long.workflowId),
  );
});

describe('the queries of docs/web-ui.md', () => {
  const queries = [
    ...readFileSync('docs/web-ui.md', 'utf8').matchAll(/^\| [^|]+ \| `((?:WorkflowType|Research)[^`]+)`/gm),
  ];

  test.each(queries.map(([, query]) => query as string))('%s', { timeout: LIMIT_MS }, async (query) => {
    // What they find is shown above; here the server takes each of them as it stands.
    expect(await ui.list(`(${query}) AND TaskQueue = "${sessions.taskQueue}"`)).toBeInstanceOf(Array);
    await ui.list(query);
  });

  test('a session that a model server holds is found', { timeout: LIMIT_MS }, async () => {
    expect(queries).toHaveLength(5);
    const session = await sessions.start(played({ rounds: 3, replyDelayMs: 300 }, { tools: ['bash'] }));
    await eventually('a round was played', async () => (await statusOf(session)).round > 1);
    sessions.model.faults.add({ kind: 'status', status: 401, match: { nth: 1 } });
    await eventually('the list has it', async () => (await ui.list(running('holding'))).includes(session.workflowId));
    await session.terminate();
  });
});
