import { expect, test } from 'vitest';
import { failureOf } from '../../activities/inference/failure.ts';
import { parseCalls } from '../../activities/inference/parse-calls/index.ts';
import { FAILURE } from '../../protocol/names.ts';
import { research } from '../../workflows/research.ts';
import { ActivityFailed } from '../../workflows/runtime.ts';
import { resultOf } from '../../workflows/session.ts';
import { fakeSession } from './fake-runtime.ts';

const QUESTION = 'Which bridge, built before 1900, is neither red nor made of iron?';
const CALL = '<think>\nnext\n</think>\n<tool_call>\n{"name": "search", "arguments": {"query": "a"}}\n</tool_call>';
const ANSWER = '<think>\nenough\n</think>\n<answer>Because.</answer>';
const overflow = () => new ActivityFailed(FAILURE.contextOverflow, 'The prompt is too long.');

const WORDINGS = [
  "This model's maximum context length is 32768 tokens. However, your prompt contains at least 32769 input tokens, which exceeds this limit even without any output tokens.",
  "This model's maximum context length is 32768 tokens. However, you requested 100 output tokens and your prompt contains 32700 input tokens, for a total of 32800 tokens.",
  "You passed 32700 input tokens and requested 100 output tokens. However, the model's context length is only 32768 tokens.",
  "This model's maximum context length is 32768 tokens. However, your request has 40000 input tokens. Please reduce the length of the input messages.",
  "'max_tokens' or 'max_completion_tokens' is too large: 100. This model's maximum context length is 32768 tokens.",
  "This model's maximum context length is 32768 tokens. However, you requested 40000 tokens in the messages.",
  "The input (40000 tokens) is longer than the model's context length (32768 tokens).",
];

test.each(WORDINGS)('an overflow is final and typed, however it is worded: %s', (message) => {
  const failure = failureOf(400, {}, JSON.stringify({ error: { message, type: 'BadRequestError', code: 400 } }));
  expect(failure).toMatchObject({ type: FAILURE.contextOverflow, nonRetryable: true });
});

test('an overflow leads to a summary without the last round, and the question stays word for word', async () => {
  let overflowed = false;
  const world = fakeSession(
    { question: QUESTION },
    ({ input }) => {
      if (input.purpose === 'summary') return '<summary>Two bridges are out.</summary>';
      if (input.segment > 0) return ANSWER;
      if (input.round < 3) return CALL;
      overflowed = true;
      return overflow();
    },
    undefined,
    parseCalls,
  );
  expect(await research(world.session)).toBe('discard_all_final');
  expect(overflowed).toBe(true);
  const summary = world.inputs.find(({ purpose }) => purpose === 'summary');
  expect(summary?.messages).toBe(4);
  const opening = world.requests.at(-1)?.[1]?.content;
  expect(opening).toContain(QUESTION);
  expect(opening).toContain('Two bridges are out.');
});

test('a summary call that overflows is made once more without the last round', async () => {
  const summaries: number[] = [];
  const world = fakeSession(
    { question: QUESTION, contextTokens: 1024 },
    ({ input }) => {
      if (input.segment > 0) return ANSWER;
      if (input.purpose !== 'summary') return CALL;
      summaries.push(input.messages);
      return summaries.length === 1 ? overflow() : '<summary>Found much.</summary>';
    },
    () => 'x'.repeat(1200),
    parseCalls,
  );
  expect(await research(world.session)).toBe('discard_all_final');
  expect(summaries).toHaveLength(2);
  expect(summaries[1]).toBe((summaries[0] ?? 0) - 2);
  expect(world.requests.at(-1)?.[1]?.content).toContain('Found much.');
});

test.each([
  '<summary>Two bridges are out.</summary>',
  'nothing',
])('after a reset the model has the question, its files and what people added, word for word (%s)', async (summary) => {
  const steering = 'Only sources after 2024; answer in a table.';
  const world = fakeSession(
    { question: QUESTION },
    ({ input, session }) => {
      if (input.round === 2 && input.segment === 0) session.data.steering.push(steering);
      if (input.purpose === 'summary') return summary;
      // The model itself loses what it was told.
      if (input.segment > 1) return ANSWER;
      return input.messages > 5 ? overflow() : CALL;
    },
    undefined,
    parseCalls,
  );
  const opening = `${QUESTION}\n* bridges.csv`;
  world.session.data.prepared = { ...world.session.data.prepared, opening };
  expect(await research(world.session)).toBe('discard_all_final');
  expect(world.session.data.segments).toHaveLength(3);
  for (const segment of world.session.data.segments.slice(1)) {
    expect(segment.opening).toContain(opening);
    expect(segment.opening).toContain(`\n- ${steering}`);
    expect(segment.system).toBe(world.session.data.prepared.systemPrompt);
  }
});

test('an empty summary falls back to the first question', async () => {
  const world = fakeSession(
    { question: QUESTION, contextTokens: 1024 },
    ({ input }) => (input.purpose === 'summary' ? 'nothing' : input.segment > 0 ? ANSWER : CALL),
    () => 'x'.repeat(3000),
    parseCalls,
  );
  expect(await research(world.session)).toBe('discard_all_final');
  expect(world.requests.at(-1)).toHaveLength(2);
  expect(world.requests.at(-1)?.[1]?.content).toBe(world.session.data.prepared.opening);
});

test.each(['text', 'native'] as const)('the session speaks as the protocol has it (%s)', async (protocol) => {
  const world = fakeSession(
    { question: QUESTION },
    ({ input }) => (input.purpose === 'round' && input.round < 3 ? CALL : overflow()),
    undefined,
    parseCalls,
  );
  world.session.data.prepared = { ...world.session.data.prepared, protocol };
  await research(world.session).catch(() => {});
  const said = world.inputs.flatMap(({ append }) => append ?? []);
  expect(said.map((text) => /summary|final answer/.exec(text)?.[0])).toEqual(['summary', 'final answer']);
  for (const text of said) expect(text.startsWith('<tool_response>')).toBe(protocol === 'text');
});

test('a session that is summarised for ever ends in an answer', async () => {
  const world = fakeSession(
    { question: QUESTION, contextTokens: 1024 },
    ({ input }) => (input.purpose === 'round' ? CALL : input.purpose === 'answer' ? ANSWER : '<summary>s</summary>'),
    () => 'x'.repeat(3000),
    parseCalls,
  );
  expect(await research(world.session)).toBe('context_exceeded');
  expect(world.session.data.segments).toHaveLength(30);
  expect(resultOf(world.session, 'context_exceeded', { artifacts: [] }).answer).toBe('Because.');
});

test('maxRounds counts from one again in each segment', async () => {
  const world = fakeSession(
    { question: QUESTION, contextTokens: 1024, maxRounds: 4 },
    ({ input }) => (input.purpose === 'summary' ? '<summary>s</summary>' : input.purpose === 'answer' ? ANSWER : CALL),
    (_, { callId }) => 'x'.repeat(callId.startsWith('r3') ? 3000 : 10),
    parseCalls,
  );
  expect(await research(world.session)).toBe('max_rounds_exceeded');
  expect(world.session.data.segments.map(({ rounds }) => rounds.filter(({ reply }) => reply).length)).toEqual([3, 5]);
});

test('the strategy "answer" gives one last reply without tools', async () => {
  const world = fakeSession(
    { question: QUESTION, contextTokens: 1024, contextStrategy: 'answer' },
    ({ input }) => (input.purpose === 'answer' ? ANSWER : CALL),
    () => 'x'.repeat(3000),
    parseCalls,
  );
  expect(await research(world.session)).toBe('context_exceeded');
  expect(world.inputs.map(({ purpose }) => purpose)).toEqual(['round', 'answer']);
  expect(world.session.data.segments).toHaveLength(1);
});

test.each([
  'discard_all',
  'answer',
] as const)('a question too long for the context fails once, clearly (%s)', async (contextStrategy) => {
  const world = fakeSession({ question: QUESTION, contextStrategy }, overflow);
  await expect(research(world.session)).rejects.toMatchObject({
    type: FAILURE.contextOverflow,
    message: expect.stringMatching(/question.*too long.*contextTokens/),
  });
  expect(world.inputs.length).toBeLessThanOrEqual(2);
});
