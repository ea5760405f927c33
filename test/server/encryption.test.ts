import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { converterFrom } from '../../client/converter-from.ts';
import { connectDeepResearch, DeepResearchClient } from '../../client/index.ts';
import { checkReplay } from '../../client/replay/check-replay.ts';
import { openHistory } from '../../client/replay/open-history.ts';
import { readHistory, recordedSession } from '../../client/replay/recorded-session.ts';
import { payloadsIn, rawHistory, textOfHistory } from '../support/raw-history.ts';
import { eventually, openSessions, played, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

let sessions: Sessions;

beforeAll(async () => {
  sessions = await openSessions({ model: { keepBodies: false, maxModelLen: 20_000_000 } });
}, START_LIMIT_MS);

afterEach(() => Promise.all(sessions.workers.map((worker) => worker.stop())));
afterAll(() => sessions?.close());

const KEYS = {
  one: `one:${Buffer.alloc(32, 1).toString('base64')}`,
  two: `two:${Buffer.alloc(32, 2).toString('base64')}`,
};
const withKeys = (...keys: string[]) => ({ DEEP_RESEARCH_ENCRYPTION_KEYS: keys.join(',') });

/** A client with the keys, as another process would have it. */
const clientWith = (keys: Record<string, string>) =>
  connectDeepResearch({
    address: sessions.address,
    taskQueue: sessions.taskQueue,
    env: { TEMPORAL_ADDRESS: sessions.address, DEEP_RESEARCH_STATE_DIR: sessions.stateDir, ...keys },
  });

const question = 'Whose ZEBRAQUESTION is it?';
const script = (play: object, more: object = {}) => ({
  ...played({ answer: 'ZEBRAANSWER', ...play }, { tools: ['bash'] }),
  question,
  ...more,
});
const keysOf = (events: Awaited<ReturnType<typeof rawHistory>>) => [
  ...new Set(payloadsIn(events).map(({ metadata }) => Buffer.from(metadata?.['encryption-key-id'] ?? []).toString())),
];

test('nothing of a session can be read in its history, and everything by who has the key', async () => {
  const worker = await sessions.work(withKeys(KEYS.one));
  await using client = await clientWith(withKeys(KEYS.one));
  const session = await client.start(script({ rounds: 3 }, { keepOpenSeconds: 0 }));
  expect(session.id).toMatch(/^session-[0-9a-f]{6}$/);
  expect((await session.result()).answer).toBe('ZEBRAANSWER');

  const events = await rawHistory(sessions.client, session.id);
  expect(textOfHistory(events)).not.toMatch(/zebra|echo round/i);
  expect(keysOf(events)).toEqual(['one']);
  const execution = { workflowId: session.id };
  const described = await sessions.client.workflowService.describeWorkflowExecution({
    namespace: 'default',
    execution,
  });
  const memo = JSON.stringify(described.workflowExecutionInfo?.memo);
  expect(memo).toContain('question');
  expect(memo).not.toContain(Buffer.from('Whose ZEBRA').toString('base64').slice(0, 12));
  expect(await session.export('md')).toContain('ZEBRAQUESTION');
  expect((await session.status()).question).toBe(question);

  await using blind = await clientWith({});
  await expect(blind.attach(session.id)).rejects.toThrow(
    'A payload is encrypted with the key "one", which this process has not (it has none)',
  );
  // Without the key a list has the session still, and the others.
  const listing = { query: `WorkflowId = '${session.id}'` };
  await eventually('it is listed', async () => (await client.list(listing)).length === 1);
  for (const each of [blind, new DeepResearchClient({ client: sessions.client, taskQueue: sessions.taskQueue })]) {
    expect(await each.list(listing)).toEqual([expect.objectContaining({ id: session.id, outcome: 'completed' })]);
  }
  await worker.stop();
});

test('a failure is as unreadable as the rest', async () => {
  const worker = await sessions.work(withKeys(KEYS.one));
  await using client = await clientWith(withKeys(KEYS.one));
  const session = await client.start({ question, files: [{ path: 'ZEBRAFILE.txt' }] });
  await expect(session.result()).rejects.toThrow('ZEBRAFILE');
  expect(textOfHistory(await rawHistory(sessions.client, session.id))).not.toMatch(/zebra/i);
  await worker.stop();
});

test('sessions begun without keys, or with an older one, go on; what is new has the first key', async () => {
  const open = await sessions.work();
  await using plain = await clientWith({});
  const begun = await plain.start(script({ rounds: 4, replyDelayMs: 800 }));
  await eventually('the first round is over', async () => (await begun.status()).round > 1, 60_000);
  await open.stop();

  const first = await sessions.work(withKeys(KEYS.one));
  await using one = await clientWith(withKeys(KEYS.one));
  const session = await one.attach(begun.id);
  const { round } = await session.status();
  await eventually('it goes on with a key', async () => (await session.status()).round > round);
  await first.stop();

  const second = await sessions.work(withKeys(KEYS.two, KEYS.one));
  await using both = await clientWith(withKeys(KEYS.two, KEYS.one));
  expect((await (await both.attach(begun.id)).result()).answer).toBe('ZEBRAANSWER');
  const events = await rawHistory(sessions.client, begun.id);
  expect(keysOf(events)).toEqual(['', 'one', 'two']);
  expect(textOfHistory(events)).toContain(question);
  await second.stop();
});

test('a worker without the key leaves the session as it is, and says which key it lacks', async () => {
  const first = await sessions.work(withKeys(KEYS.one));
  await using client = await clientWith(withKeys(KEYS.one));
  const session = await client.start(script({ rounds: 3, replyDelayMs: 500 }));
  await eventually('the first round is over', async () => (await session.status()).round > 1);
  await first.stop();
  const wrong = await sessions.work(withKeys(KEYS.two));
  await eventually('the worker says so', () => wrong.output().includes('encrypted with the key \\"one\\"'), 60_000);
  expect(wrong.output()).not.toContain(KEYS.two.slice(4));
  await wrong.stop();
  const mended = await sessions.work(withKeys(KEYS.two, KEYS.one));
  await using both = await clientWith(withKeys(KEYS.two, KEYS.one));
  expect((await (await both.attach(session.id)).result()).answer).toBe('ZEBRAANSWER');
  await mended.stop();
});

test('what is too large for a history lies encrypted in the store, and an encrypted history replays', {
  timeout: 400_000,
}, async () => {
  const keys = withKeys(KEYS.one);
  const worker = await sessions.work(keys);
  await using client = await clientWith(keys);
  const session = await client.start(script({ rounds: 1, thinkChars: 2_300_000 }, { contextTokens: 20_000_000 }));
  expect((await session.result()).answer).toBe('ZEBRAANSWER');
  const [segment] = await session.trajectory();
  const thought = segment?.rounds[0]?.reply?.text ?? '';
  expect(thought.length).toBeGreaterThan(2_300_000);
  const payloads = join(sessions.stateDir, 'store', 'payloads');
  const files = readdirSync(payloads, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThan(0);
  for (const { parentPath, name } of files) {
    expect(readFileSync(join(parentPath, name)).includes(thought.slice(1000, 1040))).toBe(false);
  }
  await worker.stop();

  const [history] = await session.histories();
  const json = historyToJSON(history as never);
  process.env.DEEP_RESEARCH_ENCRYPTION_KEYS = KEYS.one;
  process.env.DEEP_RESEARCH_STATE_DIR = sessions.stateDir;
  try {
    expect(await checkReplay(json)).toEqual({ replays: true });
    const opened = await openHistory(readHistory(json, 'its history'), converterFrom(process.env));
    expect(recordedSession(opened)).toMatchObject({ question, result: { answer: 'ZEBRAANSWER' } });
    expect(recordedSession(opened).segments[0]?.rounds[0]?.reply?.text).toBe(thought);
  } finally {
    delete process.env.DEEP_RESEARCH_ENCRYPTION_KEYS;
    delete process.env.DEEP_RESEARCH_STATE_DIR;
  }
});
