import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { UPDATE } from '../../protocol/names.ts';
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

const openRequests = () => modelCalls(sessions).filter(({ endedAt }) => endedAt === undefined);
const aModelCall = () => eventually('a model call runs', () => openRequests().length === 1);

describe('with one worker', () => {
  beforeAll(async () => {
    await sessions.work();
  });

  test.each([
    ['before the first token', { rounds: 5, replyDelayMs: 600_000 }],
    ['while it streams', { rounds: 5, tokenDelayMs: 1000 }],
  ])('cancel %s closes the connection to the model within 5 s', async (_, play) => {
    // A loaded machine may be late: what counts is that it can be done.
    let took = await cancelTakes(play);
    for (let again = 0; again < 4 && took >= 5000; again += 1) took = await cancelTakes(play);
    expect(took).toBeLessThan(5000);
  });

  /** Milliseconds until the connection is closed. */
  async function cancelTakes(play: Parameters<typeof played>[0]): Promise<number> {
    sessions.model.requests.clear();
    const session = await sessions.start(played(play));
    await aModelCall();
    await sleep(1000);
    const cancelledAt = Date.now();
    await session.cancel();
    await eventually('the connection is closed', () => openRequests().length === 0);
    const [request] = modelCalls(sessions);
    expect(request).toMatchObject({ disconnected: true });
    await expect(session.result()).rejects.toThrow(WorkflowFailedError);
    expect((await session.describe()).status.name).toBe('CANCELLED');
    expect(modelCalls(sessions)).toHaveLength(1);
    return (request?.endedAt ?? Number.POSITIVE_INFINITY) - cancelledAt;
  }

  test('cancel during a command stops the command', async () => {
    const command = 'touch started; sleep 600; touch ended';
    const session = await sessions.start(played({ script: [{ name: 'bash', arguments: { command } }] }));
    await eventually('the command runs', async () => (await statusOf(session)).calls[0]?.state === 'running');
    await sleep(1000);
    await session.cancel();
    await expect(session.result()).rejects.toThrow(WorkflowFailedError);
    expect((await session.describe()).status.name).toBe('CANCELLED');
  });

  test('when the time is up the running model call is cut short and the model answers from what it has', async () => {
    const slow = played({ rounds: 100, replyDelayMs: 1500 }, { tools: ['bash'], timeoutSeconds: 5 });
    const result = await (await sessions.start(slow)).result();
    expect(result.stopReason).toBe('timeout');
    expect(result.answer).not.toBe('');
    const requests = modelCalls(sessions);
    expect(requests.filter(({ disconnected }) => disconnected).length).toBeLessThanOrEqual(1);
    expect(JSON.stringify(requests.at(-1)?.body)).toContain('The time for this question is used up.');
  });

  test('a model that hangs when the time is up ends the session without an answer, after a short grace', async () => {
    const session = await sessions.start(played({ rounds: 100, replyDelayMs: 600_000 }, { timeoutSeconds: 2 }));
    expect(await session.result()).toMatchObject({ stopReason: 'timeout', answer: '', rounds: 0 });
    await eventually('no model call is left', () => openRequests().length === 0);
  });

  test('finish during a model call cuts it short and asks for the answer', async () => {
    const session = await sessions.start(played({ rounds: 100, replyDelayMs: 400 }, { tools: ['bash'] }));
    await eventually('rounds were played', async () => (await statusOf(session)).round > 2);
    await session.executeUpdate(UPDATE.finish);
    const result = await session.result();
    expect(result.stopReason).toBe('finished_early');
    expect(result.answer).not.toBe('');
    expect(JSON.stringify(modelCalls(sessions).at(-1)?.body)).toContain('The user asks for the answer now.');
  });
});
