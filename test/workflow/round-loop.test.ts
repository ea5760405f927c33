import { expect, test } from 'vitest';
import { parseCalls } from '../../activities/inference/parse-calls/index.ts';
import { FAILURE } from '../../protocol/names.ts';
import { research } from '../../workflows/research.ts';
import { ActivityFailed } from '../../workflows/runtime.ts';
import { resultOf } from '../../workflows/session.ts';
import { fakeSession } from './fake-runtime.ts';

const bare = (name: string, args: object) => `<tool_call>\n${JSON.stringify({ name, arguments: args })}\n</tool_call>`;
const call = (name: string, args: object) => `<think>\nnext\n</think>\n${bare(name, args)}`;
const ANSWER = '<think>\nenough\n</think>\n<answer>Because.</answer>';

test('every request of 150 rounds is a byte-wise extension of the one before', async () => {
  const world = fakeSession(
    { question: 'Why?', maxRounds: 200 },
    ({ input, session }) => {
      if (input.round % 20 === 0) session.data.steering.push(`look at ${input.round}`);
      return input.round <= 150 ? call('search', { query: `query ${input.round}` }) : ANSWER;
    },
    (_, { callId }) => `hits of ${callId}`,
    parseCalls,
  );
  expect(await research(world.session)).toBe('no_tool_calls');
  expect(world.requests).toHaveLength(151);
  for (let i = 1; i < world.requests.length; i += 1) {
    const before = JSON.stringify(world.requests[i - 1]).slice(0, -1);
    expect(JSON.stringify(world.requests[i]).startsWith(before)).toBe(true);
  }
  const texts = JSON.stringify(world.requests.at(-1));
  for (let round = 20; round <= 140; round += 20) expect(texts.split(`look at ${round}`)).toHaveLength(2);
});

test('results go back in the order of the calls, as one message of tool responses', async () => {
  const two = `${call('search', { query: 'a' })}\n${bare('nonsense', {})}\n${bare('visit', { url: 'x', goal: 'y' })}`;
  const world = fakeSession(
    { question: 'Why?' },
    ({ input }) => (input.round === 1 ? two : ANSWER),
    (name) => `from ${name}`,
    (text) => parseCalls(text),
  );
  await research(world.session);
  const last = world.requests[1]?.at(-1);
  expect(last?.role).toBe('user');
  expect(last?.content).toMatch(
    /^<tool_response>\nfrom search\n<\/tool_response>\n<tool_response>\n[^<]*nonsense[\s\S]*<\/tool_response>\n<tool_response>\nfrom visit\n<\/tool_response>$/,
  );
});

test('a session out of rounds still answers, and says why it ended', async () => {
  const world = fakeSession(
    { question: 'Why?', maxRounds: 3 },
    ({ input }) => (input.purpose === 'answer' ? ANSWER : call('search', { query: 'more' })),
    undefined,
    parseCalls,
  );
  const reason = await research(world.session);
  expect(reason).toBe('max_rounds_exceeded');
  expect(world.toolCalls).toHaveLength(3);
  expect(resultOf(world.session, 'max_rounds_exceeded', { artifacts: [] }).answer).toBe('Because.');
});

test('a model that failed for good fails a session that has nothing, and holds one that has', async () => {
  const broken = new ActivityFailed(FAILURE.modelRejected, 'The key is refused.');
  const nothing = fakeSession({ question: 'Why?' }, () => broken);
  await expect(research(nothing.session)).rejects.toBe(broken);

  let failed = false;
  const something = fakeSession(
    { question: 'Why?' },
    ({ input, session }) => {
      if (input.round === 1) return call('search', { query: 'a' });
      if (failed) return ANSWER;
      failed = true;
      setTimeout(() => {
        expect(session.state).toBe('holding');
        if (session.controls.hold) session.controls.hold.released = true;
      }, 20);
      return broken;
    },
    undefined,
    parseCalls,
  );
  expect(await research(something.session)).toBe('no_tool_calls');
});

test('a full context is summarised and the session goes on from the summary', async () => {
  const world = fakeSession(
    { question: 'Why?', contextTokens: 1024 },
    ({ input }) => {
      if (input.purpose === 'summary') return '<summary>Known: it rains.</summary>';
      return input.segment === 0 ? call('search', { query: 'a' }) : ANSWER;
    },
    () => 'x'.repeat(1500),
    parseCalls,
  );
  expect(await research(world.session)).toBe('discard_all_final');
  expect(world.session.data.segments.map(({ stopReason }) => stopReason)).toEqual(['discard_all_01', undefined]);
  expect(world.requests.at(-1)?.[1]?.content).toContain('Known: it rains.');
  expect(world.requests.at(-1)?.[1]?.content).toContain('Why?');
});

test('a call that nobody decides on in time is refused, and the session goes on', async () => {
  const world = fakeSession(
    { question: 'Why?', approve: ['bash'], approveSeconds: 0.05 },
    ({ input }) => (input.round === 1 ? call('bash', { command: 'rm -r notes' }) : ANSWER),
    undefined,
    parseCalls,
  );
  expect(await research(world.session)).toBe('no_tool_calls');
  expect(world.toolCalls).toEqual([]);
  expect(world.session.data.segments[0]?.rounds[0]?.calls[0]).toMatchObject({
    state: 'refused',
    result: expect.stringContaining('waited 0.05 s for a person'),
  });
});
