import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { FaultInput } from '../../local/rehearsal/faults.ts';
import type { Message } from '../../protocol/messages.ts';
import {
  eventually,
  modelCalls,
  openSessions,
  played,
  type SessionHandle,
  type Sessions,
  START_LIMIT_MS,
} from '../support/sessions.ts';
import type { WorkerProcess } from '../support/worker-process.ts';

let sessions: Sessions;
let worker: WorkerProcess;
let undisturbed: string[];

const CALL = { name: 'bash', arguments: { command: `echo "${'潮汐表 and 😀 '.repeat(8)}"` } };
const INPUT = played({ script: [CALL], thinkChars: 3000, tokenDelayMs: 8 }, { tools: ['bash'] });
/** Tokens that may be on their way when a stream ends, where the machine is loaded; a reply has about a thousand. */
const ON_THE_WAY = 100;
/** Slower, so that less is generated while a loaded machine is late. */
const SLOW = played({ script: [CALL], thinkChars: 3000, tokenDelayMs: 20 }, { tools: ['bash'] });
const TOKENS_A_HEARTBEAT = 2000 / 20;

const replies = async (session: SessionHandle): Promise<string[]> =>
  (await session.query<Message[]>('transcript'))
    .filter(({ role }) => role === 'assistant')
    .map(({ content }) => content);

const generated = () => modelCalls(sessions).reduce((sum, call) => sum + (call.completionTokens ?? 0), 0);
const paths = () => modelCalls(sessions).map(({ path }) => path);

let tokens = 0;

beforeAll(async () => {
  sessions = await openSessions();
  worker = await sessions.work();
  const session = await sessions.start(INPUT);
  await session.result();
  undisturbed = await replies(session);
  tokens = generated();
  expect(undisturbed[0]).toContain('潮汐表 and 😀');
  expect(paths()).toEqual(['/v1/chat/completions', '/v1/chat/completions']);
}, START_LIMIT_MS);

afterAll(() => sessions?.close());

beforeEach(() => {
  sessions.model.requests.clear();
  sessions.model.faults.clear();
});

async function expectAsUndisturbed(session: SessionHandle, twice: number): Promise<void> {
  const { usage } = await session.result();
  expect(await replies(session)).toEqual(undisturbed);
  expect(paths()).toContain('/v1/completions');
  expect(usage.completion).toBe(tokens);
  expect(generated() - tokens).toBeLessThanOrEqual(twice);
}

const breaks: [string, FaultInput][] = [
  ['reset in the thought', { kind: 'reset-mid-stream', afterTokens: 400 }],
  ['cut in the middle of a call', { kind: 'cut-sse', afterTokens: 780 }],
];

test.each(breaks)('a stream that is %s goes on where it broke, and nothing is generated twice', async (_, fault) => {
  sessions.model.faults.add(fault);
  await expectAsUndisturbed(await sessions.start(INPUT), ON_THE_WAY);
});

test('a reply that breaks twice goes on twice', async () => {
  sessions.model.faults.add({ kind: 'reset-mid-stream', afterTokens: 200 });
  sessions.model.faults.add({ kind: 'reset-mid-stream', afterTokens: 200, match: { nth: 2 } });
  await expectAsUndisturbed(await sessions.start(INPUT), ON_THE_WAY);
  expect(paths().slice(0, 3)).toEqual(['/v1/chat/completions', '/v1/completions', '/v1/completions']);
});

test('after SIGTERM another worker goes on at once from the last token', async () => {
  const session = await sessions.start(INPUT);
  await eventually('half the reply', () => generated() > 300);
  await worker.stop();
  worker = await sessions.work();
  await expectAsUndisturbed(session, ON_THE_WAY);
});

test('after SIGKILL fewer tokens are generated twice than in one heartbeat interval', async () => {
  const session = await sessions.start(SLOW);
  await eventually('half the reply', () => generated() > 500);
  await worker.kill();
  worker = await sessions.work();
  await expectAsUndisturbed(session, TOKENS_A_HEARTBEAT + ON_THE_WAY);
});

test('a reply that a grammar holds starts again, since the grammar would', async () => {
  sessions.model.faults.add({ kind: 'reset-mid-stream', afterTokens: 100 });
  const grammar = { structured_outputs: { grammar: 'root ::= [a-z]+' } };
  const input = { ...INPUT, model: { ...INPUT.model, extraBody: { ...INPUT.model?.extraBody, ...grammar } } };
  const session = await sessions.start(input);
  await session.result();
  expect(await replies(session)).toEqual(undisturbed);
  expect(paths()).not.toContain('/v1/completions');
});

test('a limit beyond what is left is lowered to it, and one the server refuses is mended', async () => {
  for (const maxTokens of [126_000, 1_000_000]) {
    sessions.model.requests.clear();
    const session = await sessions.start({ ...INPUT, model: { ...INPUT.model, maxTokens } });
    await session.result();
    expect(await replies(session)).toEqual(undisturbed);
    for (const { body } of modelCalls(sessions)) {
      expect((body as { max_tokens: number }).max_tokens).toBeLessThan(128_000);
    }
  }
});
