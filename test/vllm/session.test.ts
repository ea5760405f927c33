import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { MOST_HELD_BACK } from '../../activities/inference/continue/plan.ts';
import { unpackTokens } from '../../activities/inference/continue/token-codec.ts';
import type { ResearchInput } from '../../protocol/input.ts';
import { UPDATE } from '../../protocol/names.ts';
import type { Round, TrajectoryPage } from '../../protocol/trajectory.ts';
import {
  eventually,
  openSessions,
  pendingCall,
  progressOf,
  type SessionHandle,
  type Sessions,
  START_LIMIT_MS,
  statusOf,
} from '../support/sessions.ts';
import type { WorkerProcess } from '../support/worker-process.ts';
import { relayTo } from './relay.ts';
import { serveVllm } from './serve-vllm.ts';

const urls = inject('vllmUrls');
const command = inject('vllmCommand');

let sessions: Sessions;
let model: string;

beforeAll(async () => {
  const models = (await (await fetch(`${urls[0]}/v1/models`)).json()) as { data: { id: string }[] };
  model = models.data[0]?.id ?? '';
  sessions = await openSessions();
}, START_LIMIT_MS);

afterAll(() => sessions?.close());

/** Also after a failure: a worker left over would take the next test's calls. */
const workers: WorkerProcess[] = [];
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});

async function work(env: NodeJS.ProcessEnv = { LLM_SERVER_BASE_ENDPOINT_URL: urls[0] }): Promise<WorkerProcess> {
  const worker = await sessions.work({ LLM_SERVER_MODEL_NAME: model, ...env });
  workers.push(worker);
  return worker;
}

/** A number of the first server's metrics. */
async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${urls[0]}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** Input of a session whose every reply is a thought, an answer so far, and a command, whatever the model's weights. */
function held(command: string, input: Partial<ResearchInput> = {}): ResearchInput {
  const grammar = `root ::= "<think>" [a-z ]{20,60} "</think>\\n<answer>" [a-z]{5,20} "</answer>\\n<tool_call>\\n{\\"name\\": \\"bash\\", \\"arguments\\": {\\"command\\": \\"${command}\\"}}\\n</tool_call>"`;
  return {
    question: 'What is it?',
    tools: ['bash'],
    ...input,
    model: { maxTokens: 400, extraBody: { structured_outputs: { grammar } } },
  };
}

async function roundsOf(session: SessionHandle): Promise<Round[]> {
  const rounds: Round[] = [];
  let page: TrajectoryPage = { segments: [] };
  do {
    page = await session.query<TrajectoryPage, unknown[]>('trajectory', ...(page.next ? [page.next] : []));
    rounds.push(...page.segments.flatMap((segment) => segment.rounds));
  } while (page.next);
  return rounds.filter(({ reply }) => reply);
}

test('sixty rounds find their prompt in the cache, also after steering', async () => {
  await work();
  // The cache works in blocks (128 tokens on the CPU) and a round adds a hundred tokens here, so that only a prompt of
  // a real session's length can have 90 % of it cached.
  const material = Array.from({ length: 250 }, (_, line) => `Line ${line} of the material says nothing new.`).join(
    '\n',
  );
  const question = `What is it?\n${material}`;
  const session = await sessions.start(held('echo round', { maxRounds: 60, question }));
  await eventually('round 20', async () => (await statusOf(session)).round >= 20, 600_000);
  await session.executeUpdate(UPDATE.steer, { args: ['Mind the tide.'] });
  expect(await session.result()).toMatchObject({ stopReason: 'max_rounds_exceeded', rounds: 61 });
  const usages = (await roundsOf(session)).map(({ reply }) => reply!.usage);
  const shares = usages.slice(2).map(({ cached, prompt }) => cached / prompt);
  console.log(`cached from round 3: least ${Math.min(...shares).toFixed(3)}, last prompt ${usages.at(-1)?.prompt}`);
  for (const share of shares) expect(share).toBeGreaterThanOrEqual(0.9);
  // A prompt that has lost the earlier reasoning would not hold all that was written.
  for (const [index, { prompt }] of usages.entries()) {
    const before = usages[index - 1];
    if (before) expect(prompt).toBeGreaterThanOrEqual(before.prompt + before.completion - 5);
  }
  expect(JSON.stringify(await session.query('transcript'))).toContain('Mind the tide.');
});

test('a prompt beyond the context ends in an answer', async () => {
  await work();
  const input = held('seq 1 2500', { contextStrategy: 'answer', contextTokens: 1_000_000, maxRounds: 60 });
  const session = await sessions.start(input);
  const result = await session.result();
  console.log(`context exceeded after ${result.rounds} rounds`);
  expect(result).toMatchObject({ stopReason: 'context_exceeded', answer: expect.stringMatching(/^[a-z]{5,20}$/) });
});

/** A minute's work, so that a loaded machine finds the middle of it. */
const LONG_TOKENS = 2400;
const LONG: ResearchInput = {
  question: 'Say much.',
  tools: ['bash'],
  maxRounds: 1,
  model: { temperature: 0, maxTokens: LONG_TOKENS, extraBody: { ignore_eos: true } },
};
const firstReply = async (session: SessionHandle) => (await roundsOf(session))[0]?.reply;

test('cancel frees the server within five seconds', async () => {
  await work();
  const session = await sessions.start({ ...LONG, model: { ...LONG.model, maxTokens: 20_000 } });
  await eventually('the reply runs', async () => (await metric('vllm:num_requests_running')) === 1);
  const cancelledAt = Date.now();
  await session.cancel();
  await eventually('a free server', async () => (await metric('vllm:num_requests_running')) === 0, 5_000);
  console.log(`free ${Date.now() - cancelledAt} ms after cancel`);
  await expect(session.result()).rejects.toThrow();
});

test('a long greedy reply whose worker is killed is the undisturbed one', async () => {
  const start = await metric('vllm:generation_tokens_total');
  const worker = await work();
  const whole = await sessions.start(LONG);
  await eventually('the first reply', async () => (await roundsOf(whole)).length > 0, 600_000);
  const expected = await firstReply(whole);
  await whole.result();
  const undisturbed = (await metric('vllm:generation_tokens_total')) - start;

  const session = await sessions.start(LONG);
  const before = await metric('vllm:generation_tokens_total');
  const written = async () => (await metric('vllm:generation_tokens_total')) - before;
  await eventually('a third of the reply', async () => (await reportedBy(session)) > LONG_TOKENS / 3, 600_000);
  const reported = await reportedBy(session);
  await worker.kill();
  await eventually('a free server', async () => (await metric('vllm:num_requests_running')) === 0);
  // How often a worker reports depends on the machine; that what was reported is not lost does not.
  const lost = (await written()) - reported;
  await work();
  await session.result();
  const reply = await firstReply(session);
  const twice = (await metric('vllm:generation_tokens_total')) - start - 2 * undisturbed;
  console.log(`${reported} of ${reported + lost} tokens were reported, ${twice} written twice`);
  expect(reply?.text).toBe(expected?.text);
  expect(reply?.finishReason).toBe(expected?.finishReason);
  expect(reply?.usage.completion).toBe(LONG_TOKENS);
  expect(lost).toBeLessThan(LONG_TOKENS - reported);
  expect(twice).toBeLessThanOrEqual(lost + MOST_HELD_BACK);
});

/** Tokens of the model call under way that the server knows of. */
async function reportedBy(session: SessionHandle): Promise<number> {
  const { tokens } = progressOf(await pendingCall(session)) ?? {};
  return tokens === undefined ? 0 : unpackTokens(tokens).length;
}

/** Another server that can be killed: a process where they are ours, else a way to one that is cut. */
async function mortal(): Promise<{ url: string; kill(): Promise<void> }> {
  if (command === undefined) return relayTo(urls.at(-1) as string);
  const server = await serveVllm(command);
  return { url: server.url, kill: () => server.end('SIGKILL') };
}

test('a session whose server is killed goes on at the other', async () => {
  const dying = await mortal();
  try {
    const endpoints = [
      // New sessions come to it.
      { name: 'dying', url: dying.url, model, weight: 1000 },
      { name: 'staying', url: urls[0], model },
    ];
    await work({
      LLM_SERVER_BASE_ENDPOINT_URL: '',
      LLM_SERVER_MODEL_NAME: '',
      DEEP_RESEARCH_ENDPOINTS: JSON.stringify(endpoints),
    });
    const session = await sessions.start(held('echo round', { maxRounds: 12 }));
    await eventually('round 5', async () => (await statusOf(session)).round >= 5, 600_000);
    await dying.kill();
    expect(await session.result()).toMatchObject({ rounds: 13, stopReason: 'max_rounds_exceeded' });
    const homes = (await roundsOf(session)).map(({ reply }) => reply?.endpoint);
    expect(homes.slice(0, 4)).toEqual(Array(4).fill('dying'));
    expect(homes.at(-1)).toBe('staying');
    expect(homes.lastIndexOf('dying')).toBeLessThan(homes.indexOf('staying'));
  } finally {
    await dying.kill();
  }
});
