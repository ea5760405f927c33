import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { QUERY } from '../../protocol/names.ts';
import type { TrajectoryPage } from '../../protocol/trajectory.ts';
import { messageReply } from '../support/model-apis/anthropic.ts';
import { chatReply } from '../support/model-apis/chat-tools.ts';
import { responseReply } from '../support/model-apis/responses.ts';
import { type ApiRequest, type ModelApi, type Said, startModelApi } from '../support/model-apis/server.ts';
import { openSessions, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';
import type { WorkerProcess } from '../support/worker-process.ts';

const CORPUS = fileURLToPath(new URL('../fixtures/corpus', import.meta.url));
const KEY = 'sk-never-shown-4711';

let sessions: Sessions;
const open: (ModelApi | { close: () => Promise<unknown> })[] = [];

beforeAll(async () => {
  sessions = await openSessions();
}, START_LIMIT_MS);
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});
afterAll(() => sessions?.close());

/** Two rounds of calls, in the second a nonsensical one as well, then the answer. */
const PLAY: Said[] = [
  {
    reasoning: 'First the lamps.',
    text: 'I search.',
    calls: [
      { name: 'search', arguments: { query: ['harbour lamps'] } },
      { name: 'bash', arguments: { command: 'echo lamp-$((40 + 2))' } },
    ],
  },
  {
    reasoning: 'Now the log.',
    calls: [
      { name: 'visit', arguments: { url: 'notes/keeper-log.txt', goal: 'the lamps' } },
      { name: 'fly', arguments: {} },
    ],
  },
  { reasoning: 'That is it.', text: '<answer>Forty-two lamps.</answer>' },
];

/** One format of each API; how formats of one API differ is tested on their requests. */
const CASES = [
  ['volcano', 'VOLCANO_KEY', chatReply],
  ['azure', 'AZURE_KEY', responseReply],
  ['aihubmix_claude', 'AIHUBMIX_KEY', messageReply],
] as const;

/** A worker of its own, so that only this API serves the session. */
async function workerFor(api: ModelApi, format: string, keyVariable: string): Promise<WorkerProcess> {
  const worker = await sessions.work({
    LLM_SERVER_BASE_ENDPOINT_URL: api.url,
    LLM_SERVER_MODEL_NAME: 'm',
    LLM_SERVER_SYSTEM_FORMAT: format,
    DEEP_RESEARCH_CORPUS_DIR: CORPUS,
    [keyVariable]: KEY,
  });
  open.push({ close: () => worker.stop() });
  return worker;
}

test.each(CASES)('%s: a session of two rounds with native calls, and its answer', async (format, keyVariable, said) => {
  const api = await startModelApi((_, index) => ({ body: said(PLAY[index]!, `c${index}`) }));
  open.push(api);
  await workerFor(api, format, keyVariable);
  const handle = await sessions.start({ question: 'How many lamps?', model: { maxTokens: 4000 } });
  expect(await handle.result()).toMatchObject({
    answer: 'Forty-two lamps.',
    stopReason: 'no_tool_calls',
    rounds: 3,
    usage: { prompt: 300, cached: 192, completion: 60 },
  });

  const { segments } = await handle.query<TrajectoryPage, []>(QUERY.trajectory);
  const rounds = segments[0]!.rounds;
  expect(rounds.map(({ reply }) => reply?.reasoning)).toEqual(['First the lamps.', 'Now the log.', 'That is it.']);
  expect(rounds.map(({ calls }) => calls.map(({ name, state, nativeId }) => [name, state, nativeId]))).toEqual([
    [
      ['search', 'done', 'c0_0'],
      ['bash', 'done', 'c0_1'],
    ],
    [
      ['visit', 'done', 'c1_0'],
      ['fly', 'failed', 'c1_1'],
    ],
    [],
  ]);

  const [first, second, third] = api.requests as [ApiRequest, ApiRequest, ApiRequest];
  expect(api.requests).toHaveLength(3);
  expect(first.text).not.toContain('<tool_call>');
  expect(first.text).toContain('"search"');
  // Every result in the API's own place, by the id of its call.
  expect(resultsIn(second)).toEqual({
    c0_0: expect.stringContaining('Search'),
    c0_1: expect.stringContaining('lamp-42'),
  });
  expect(resultsIn(third)).toMatchObject({
    c1_0: expect.stringContaining('keeper-log.txt'),
    c1_1: expect.stringContaining('no tool named "fly"'),
  });
  if (said === messageReply) expect(third.text).toContain('"signature":"signed:c1"');
  if (said === responseReply) expect(third.text).toContain('"encrypted_content":"sealed:c1"');
  if (said === chatReply) expect(third.text).toContain('"reasoning_content":"Now the log."');

  // The record of what was sent is in the history, the key is not.
  const limit = said === responseReply ? 'max_output_tokens' : 'max_tokens';
  expect(rounds[0]?.reply?.request).toMatchObject({ [limit]: 4000 });
  const history = JSON.stringify(await handle.fetchHistory());
  expect(history).not.toContain(KEY);
  expect(history).not.toContain(Buffer.from(KEY).toString('base64').slice(0, 20));
  expect(JSON.stringify(segments)).not.toContain(KEY);
});

test('a refused key fails the session in one sentence that names its variable', async () => {
  const api = await startModelApi(() => ({ status: 401, body: JSON.stringify({ error: { message: `No: ${KEY}` } }) }));
  open.push(api);
  await workerFor(api, 'volcano', 'VOLCANO_KEY');
  const handle = await sessions.start('How many lamps?');
  await expect(handle.result()).rejects.toMatchObject({
    cause: { type: 'ModelRejected', message: 'The model server refused the key (401); check VOLCANO_KEY.' },
  });
});

/** Texts of the results that went back, by the id of their call. */
function resultsIn({ body }: ApiRequest): Record<string, string> {
  type Item = Record<string, unknown> & { content?: unknown };
  const items = (body.messages ?? body.input) as Item[];
  const flat = items.flatMap((item): Item[] => [
    item,
    ...(Array.isArray(item.content) ? (item.content as Item[]) : []),
  ]);
  return Object.fromEntries(
    flat
      .map((item) => [
        item.tool_call_id ?? item.tool_use_id ?? (item.output === undefined ? undefined : item.call_id),
        item.output ?? item.content,
      ])
      .filter(([id]) => id !== undefined),
  );
}
