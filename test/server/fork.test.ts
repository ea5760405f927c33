import { fileURLToPath } from 'node:url';
import type { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DeepResearchClient } from '../../client/index.ts';
import type { ForkInput } from '../../protocol/fork.ts';
import { steeringNotice } from '../../protocol/notices.ts';
import {
  eventually,
  modelCalls,
  openSessions,
  played,
  type SessionHandle,
  type Sessions,
  START_LIMIT_MS,
  statusOf,
} from '../support/sessions.ts';

const CORPUS = fileURLToPath(new URL('../fixtures/corpus', import.meta.url));
const ROUNDS = 40;

let sessions: Sessions;
let original: SessionHandle;
/** The original's requests: the one at index N asks for round N + 1. */
let asked: string[];

beforeAll(async () => {
  sessions = await openSessions();
  await sessions.work({ DEEP_RESEARCH_CORPUS_DIR: CORPUS });
  const search = { name: 'search', arguments: { query: ['harbour lamps'] } };
  const script = [search, [search, { name: 'bash', arguments: { command: 'date +%N' } }], [search, search]];
  original = await sessions.start(played({ rounds: ROUNDS, script, thinkChars: 120 }));
  await original.result();
  asked = modelCalls(sessions).map(messagesOf);
}, START_LIMIT_MS);

afterAll(() => sessions?.close());

const messagesOf = ({ body }: { body?: unknown }) => JSON.stringify((body as { messages: unknown }).messages);
const forkOf = (round: number, more: Partial<ForkInput> = {}) => ({
  fork: { session: original.workflowId, round },
  ...more,
});
const history = async () => JSON.parse(JSON.stringify(await original.fetchHistory()));

/** The messages of a new session's first request. */
async function firstRequest(input: unknown): Promise<{ session: SessionHandle; messages: string }> {
  sessions.model.requests.clear();
  const session = await sessions.start(input);
  await eventually('the model is asked', () => modelCalls(sessions).length > 0);
  return { session, messages: messagesOf(modelCalls(sessions)[0] ?? {}) };
}

test('a fork at each of 40 rounds asks the model with the very bytes the original sent, which stays as it is', {
  timeout: 600_000,
}, async () => {
  const before = await history();
  for (let round = 1; round <= ROUNDS; round += 1) {
    const { session, messages } = await firstRequest(forkOf(round));
    expect(messages === asked[round], `round ${round}`).toBe(true);
    await session.terminate();
  }
  // Objects, since the server writes the entries of a map in any order.
  expect(await history()).toEqual(before);
});

test('a fork that is told something goes on to an answer of its own', async () => {
  const { session, messages } = await firstRequest(forkOf(38, { steer: 'Mind the second lamp.' }));
  const told = JSON.stringify(`\n<tool_response>\n${steeringNotice('Mind the second lamp.')}\n</tool_response>`);
  // The text goes in front of the last message's closing `"}]`.
  expect(messages).toBe(`${asked[38]?.slice(0, -3)}${told.slice(1, -1)}"}]`);
  const { rounds, answer, sources } = await session.result();
  expect(rounds).toBe(ROUNDS + 1);
  expect(answer).not.toBe('');
  const status = await statusOf(session);
  expect(status.question).toBe('What colour is the flag of Chad?');
  expect(sources).toEqual((await original.result()).sources);
  const { memo } = await session.describe();
  expect(memo).toMatchObject({ forkOf: original.workflowId, forkRound: 38, question: status.question });
});

test('from an answer it goes on with a question', async () => {
  const plain = await sessions.start({ ...forkOf(ROUNDS + 1) });
  await expect(plain.result()).rejects.toMatchObject({
    cause: { message: expect.stringContaining('round 41 is an answer; say with "steer" how to go on') },
  });
  const short = { extraBody: { rehearsal: { rounds: 1 } } };
  const { session, messages } = await firstRequest(forkOf(ROUNDS + 1, { steer: 'And of Romania?', model: short }));
  expect(messages.startsWith(asked[ROUNDS]?.slice(0, -1) ?? '-')).toBe(true);
  expect(JSON.parse(messages).at(-1)).toEqual({ role: 'user', content: 'And of Romania?' });
  expect(await session.result()).toMatchObject({ stopReason: 'no_tool_calls' });
});

test('settings beside what the model has read may differ', async () => {
  const { session } = await firstRequest(forkOf(5, { maxRounds: 6, model: { temperature: 0.25 } }));
  expect((modelCalls(sessions)[0]?.body as { temperature?: number }).temperature).toBe(0.25);
  expect(await session.result()).toMatchObject({ stopReason: 'max_rounds_exceeded', rounds: 7 });
});

test.each([
  [{ fork: { session: 'nowhere', round: 1 } }, 'fork.session: this server has no session "nowhere"'],
  [{ fork: { round: 1 } }, 'fork.session: expected string, got nothing'],
  [{ fork: { session: 'x', round: 0 } }, 'fork.round'],
  [{ fork: { session: 'x', round: 1 }, question: 'Why?' }, 'unknown field "question"'],
])('%j is refused with a sentence', async (input, message) => {
  const failure = await (await sessions.start(input)).result().then(
    () => undefined,
    (error: WorkflowFailedError) => error.cause?.message,
  );
  expect(failure).toContain(message);
});

test('a round that is not there is refused, by the client library as by anyone', async () => {
  const client = new DeepResearchClient({ client: sessions.client, taskQueue: sessions.taskQueue });
  const session = await client.fork({ fork: { session: original.workflowId, round: 99 } });
  await expect(session.result()).rejects.toThrow(
    'fork.round: the session has not ended a round 99 (it has 41 rounds).',
  );
  await expect(client.fork({ fork: { session: '', round: 1 } })).rejects.toThrow('fork.session');
});
