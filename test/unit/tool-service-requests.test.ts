import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { callRecords, unrecorded } from '../../activities/lookup/recorded.ts';
import { serviceTool, type ToolServiceSettings } from '../../activities/tool-service/service-tool.ts';
import type { ToolContext } from '../../activities/tools/tool.ts';
import { TOOL_NAMES, type ToolName } from '../../protocol/tool-call.ts';
import { result, type ServiceAnswer, startToolService, type ToolServiceStandIn } from '../support/tool-service.ts';

let stateDir: string;
const open: ToolServiceStandIn[] = [];

beforeAll(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'tool-service-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});
afterAll(() => rmSync(stateDir, { recursive: true }));

async function standIn(answer: (index: number) => ServiceAnswer = () => result('It is.')): Promise<ToolServiceStandIn> {
  const service = await startToolService((_, index) => answer(index));
  open.push(service);
  return service;
}

const context = (more: Partial<ToolContext> = {}): ToolContext => ({
  callId: 'r3c1',
  recorded: unrecorded,
  signal: new AbortController().signal,
  workspace: join(stateDir, 'workspaces', 's-1'),
  ...more,
});

const settings = (bases: string[], more: Partial<ToolServiceSettings> = {}): ToolServiceSettings => ({
  bases,
  tools: TOOL_NAMES,
  useCache: true,
  plainText: true,
  filesDir: '/app/logs',
  ...more,
});

const ask = (
  name: ToolName,
  args: Record<string, unknown>,
  { url }: { url: string },
  {
    more,
    seconds = 1800,
    ...rest
  }: { more?: Partial<ToolServiceSettings>; seconds?: number } & Partial<ToolContext> = {},
) => serviceTool(name, settings([url], more), { seconds }).call(args, context(rest));

const ID = '"conversation_id":"deep-research/s-1"}';

/** What the model wrote, the path, and the body to the byte. */
const REQUESTS: [tool: ToolName, args: Record<string, unknown>, path: string, body: string][] = [
  [
    'search',
    { query: ['旧金山 foghorn', 'a "b" \\ \u2028\n'] },
    '/wide_search',
    `{"request_id":"search","use_cache":true,"params":{"query":["旧金山 foghorn","a \\"b\\" \\\\ \u2028\\n"],"is_tongyi_format":true},${ID}`,
  ],
  [
    'search',
    { query: 'one', page: 2 },
    '/wide_search',
    `{"request_id":"search","use_cache":true,"params":{"query":"one","is_tongyi_format":true},${ID}`,
  ],
  [
    'google_scholar',
    { query: ['attention'] },
    '/scholar_search',
    `{"request_id":"google_scholar","use_cache":true,"params":{"query":["attention"],"is_tongyi_format":true},${ID}`,
  ],
  [
    'image_search',
    { query: ['curry'] },
    '/image_search',
    `{"request_id":"image_search","use_cache":true,"params":{"query":["curry"],"is_tongyi_format":true},${ID}`,
  ],
  [
    'visit',
    { goal: 'the year', url: ['https://example.org/a?b=1'] },
    '/wide_visit',
    `{"request_id":"visit","use_cache":true,"params":{"url":["https://example.org/a?b=1"],"goal":"the year","is_tongyi_format":true},${ID}`,
  ],
  [
    'parse_file',
    { files: ['report.pdf', 'https://example.org/x.pdf', '/app/logs/deep-research/s-1/b.csv', 'sub/c d.txt'] },
    '/file_wide_parse',
    `{"request_id":"parse_file","use_cache":true,"params":{"files":["/app/logs/deep-research/s-1/report.pdf","https://example.org/x.pdf","/app/logs/deep-research/s-1/b.csv","/app/logs/deep-research/s-1/sub/c d.txt"],"is_tongyi_format":true},${ID}`,
  ],
  [
    'PythonInterpreter',
    { code: '\nprint("é")\n' },
    '/execute_code',
    `{"request_id":"execute_code","use_cache":true,"params":{"code":"print(\\"é\\")"},${ID}`,
  ],
  [
    'bash',
    { command: 'ls -l\npwd' },
    '/bash',
    `{"request_id":"bash","use_cache":true,"params":{"command":"ls -l\\npwd"},${ID}`,
  ],
  [
    'ask_question_about_image',
    { image_path: 'a.png', question: 'What?' },
    '/ask_question_about_image',
    `{"request_id":"ask_question_about_image","use_cache":true,"params":{"image_path":"/app/logs/deep-research/s-1/a.png","question":"What?"},${ID}`,
  ],
  [
    'ask_question_about_video',
    { question: 'Who?', video_path: ['https://example.org/v'] },
    '/ask_question_about_video',
    `{"request_id":"ask_question_about_video","use_cache":true,"params":{"video_path":["https://example.org/v"],"question":"Who?"},${ID}`,
  ],
];

test.each(REQUESTS)('%s %j is sent as the original sends it, to the byte', async (tool, args, path, body) => {
  const service = await standIn();
  expect(await ask(tool, args, service)).toEqual({ text: 'It is.' });
  expect(service.requests).toHaveLength(1);
  expect(service.requests[0]).toMatchObject({ method: 'POST', path, text: body });
  expect(service.requests[0]?.headers).toMatchObject({
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  });
});

test('settings: no cache, JSON instead of plain text, a base with a path and a login, another folder', async () => {
  const service = await standIn();
  const base = service.url.replace('http://', 'http://me:p%40ss@');
  await ask(
    'parse_file',
    { files: 'a.txt' },
    { url: `${base}/tools/` },
    {
      more: { useCache: false, plainText: false, filesDir: '/data' },
    },
  );
  expect(service.requests[0]).toMatchObject({
    path: '/tools/file_wide_parse',
    text: `{"request_id":"parse_file","use_cache":false,"params":{"files":"/data/deep-research/s-1/a.txt","is_tongyi_format":false},${ID}`,
  });
  expect(service.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
});

test('each of several services is drawn', async () => {
  const services = [await standIn(), await standIn(), await standIn()];
  const tool = serviceTool('search', settings(services.map(({ url }) => url)), { seconds: 60 });
  // That one of three is never drawn in 60 calls happens once in ten thousand million times.
  for (let n = 0; n < 60; n += 1) await tool.call({ query: String(n) }, context());
  expect(services.every(({ requests }) => requests.length > 0)).toBe(true);
});

describe('answers', () => {
  test.each([
    ['a text', '{"result":"Två\\nrader"}', 'Två\nrader'],
    ['nothing', '{}', ''],
    [
      'an object, as Python writes it',
      '{"result": {"stdout":"a\\u00e9\\/","code":0,"time":1.0,"big":12345678901234567890,"ok":true,"none":null,"list":[1,"b"],"empty":{},"no":[]}}',
      '{"stdout": "aé/", "code": 0, "time": 1.0, "big": 12345678901234567890, "ok": true, "none": null, "list": [1, "b"], "empty": {}, "no": []}',
    ],
  ])('%s', async (_, body, text) => {
    const service = await standIn(() => ({ body }));
    expect(await ask('search', { query: 'x' }, service)).toEqual({ text });
  });

  test.each([
    [500, 'Internal Server Error', '500 Internal Server Error'],
    [429, '{"detail":"slow down"}', '429 {"detail":"slow down"}'],
    [302, '', '302 '],
  ])('status %i is the text of status and body, and is not asked again', async (status, body, text) => {
    const service = await standIn(() => ({ status, body }));
    expect(await ask('bash', { command: 'ls' }, service)).toEqual({ text, failed: true });
    expect(service.requests).toHaveLength(1);
  });

  test.each([
    ['no JSON', '<html>', 'search failed: the tool service answered with something that is not JSON.'],
    ['no object', '[1]', 'search failed: the tool service answered with JSON that is no object.'],
  ])('%s is a sentence', async (_, body, sentence) => {
    const service = await standIn(() => ({ body }));
    await expect(ask('search', { query: 'x' }, service)).rejects.toThrow(sentence);
  });

  test('a result that is too long for any context shows its ends', async () => {
    const service = await standIn(() => result('x'.repeat(150_000)));
    const { text } = await ask('search', { query: 'x' }, service);
    expect(text.length).toBeLessThan(100_200);
    expect(text).toContain('50,000 characters left out');
  });
});

describe('arguments', () => {
  test.each([
    ['search', {}, 'search: query: expected "query" as a text or a list of texts, got nothing.'],
    ['visit', { url: 'x' }, 'visit: goal: expected "goal" as a text, got nothing.'],
    ['bash', { command: ' \n' }, 'bash: command: "command" is empty.'],
    ['parse_file', { files: '/etc/passwd' }, 'The path "/etc/passwd" is not one relative to the working directory.'],
    ['parse_file', { files: ['a/../../b'] }, 'The path "a/../../b" is not one relative to the working directory.'],
  ] as const)('%s %j', async (tool, args, sentence) => {
    const service = await standIn();
    await expect(ask(tool, args, service)).rejects.toThrow(sentence);
    expect(service.requests).toEqual([]);
  });
});

describe('faults', () => {
  test('a look-up whose connection breaks is sent again', async () => {
    const service = await standIn((index) => (index === 0 ? 'destroy' : result('Here.')));
    expect(await ask('search', { query: 'x' }, service)).toEqual({ text: 'Here.' });
    expect(service.requests).toHaveLength(2);
  });

  test('a command whose connection breaks is not, and the model is told', async () => {
    const service = await standIn(() => 'destroy');
    await expect(ask('bash', { command: 'rm x' }, service)).rejects.toThrow(
      /^bash failed: the tool service broke off \(\w+\), so that it is not known whether the call took effect\.$/,
    );
    expect(service.requests).toHaveLength(1);
  });

  test('a command waits for a service that is started again', async () => {
    const gone = await standIn();
    const port = Number(new URL(gone.url).port);
    await gone.close();
    open.length = 0;
    const asked = ask('bash', { command: 'ls' }, gone);
    await sleep(300);
    open.push(await startToolService(() => result('a.txt'), port));
    expect(await asked).toEqual({ text: 'a.txt' });
  });

  test('silence ends at the time limit', async () => {
    const service = await standIn(() => 'silent');
    await expect(ask('visit', { url: 'http://x', goal: '' }, service, { seconds: 0.2 })).rejects.toThrow(
      'visit failed: the tool service did not answer within 0.2 s.',
    );
  });

  test('a cancel closes the connection', async () => {
    const service = await standIn(() => 'silent');
    const cancel = new AbortController();
    const asked = ask('bash', { command: 'sleep 9' }, service, { signal: cancel.signal });
    while (service.requests.length === 0) await sleep(10);
    cancel.abort(new Error('CANCELLED'));
    await expect(asked).rejects.toThrow('CANCELLED');
    while (!service.requests[0]?.aborted) await sleep(10);
  });
});

describe('an attempt after a crash', () => {
  const recorded = (callId: string) => callRecords(stateDir, 's-1', callId);

  test('takes the recorded result', async () => {
    const service = await standIn((index) => result(`answer ${index}`));
    const first = await ask('bash', { command: 'date' }, service, { recorded: recorded('r1c1') });
    expect(await ask('bash', { command: 'date' }, service, { recorded: recorded('r1c1') })).toEqual(first);
    expect(service.requests).toHaveLength(1);
    await ask('bash', { command: 'date' }, service, { recorded: recorded('r1c2') });
    expect(service.requests).toHaveLength(2);
  });

  test('does not send a command again that was under way, but a look-up', async () => {
    const service = await standIn((index) => (index === 0 || index === 1 ? 'silent' : result('found')));
    const begin = async (tool: ToolName, args: Record<string, unknown>, callId: string) => {
      const crash = new AbortController();
      const before = service.requests.length;
      const attempt = ask(tool, args, service, { recorded: recorded(callId), signal: crash.signal });
      while (service.requests.length === before) await sleep(10);
      crash.abort(new Error('crash'));
      await expect(attempt).rejects.toThrow('crash');
    };
    await begin('bash', { command: 'pay' }, 'r2c1');
    await expect(ask('bash', { command: 'pay' }, service, { recorded: recorded('r2c1') })).rejects.toThrow(
      'it is not known whether it took effect',
    );
    await begin('search', { query: 'x' }, 'r2c2');
    expect(await ask('search', { query: 'x' }, service, { recorded: recorded('r2c2') })).toEqual({ text: 'found' });
    expect(service.requests).toHaveLength(3);
  });
});
