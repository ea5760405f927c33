import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { makeFleet } from '../../activities/inference/fleet/index.ts';
import { providersFrom } from '../../activities/providers/configured.ts';
import { makeTools, type ToolsOptions } from '../../activities/tools/all-tools.ts';
import { defineTool, type OwnTool } from '../../activities/tools/own-tool.ts';
import { ToolError, TryLater } from '../../activities/tools/tool.ts';
import { startToolkits, type Toolkits } from '../../worker/toolkits/server.ts';
import { card, makeMedia } from '../support/make-media.ts';
import { withServer } from '../support/providers/local-server.ts';
import { searxngService } from '../support/providers/web-services.ts';
import { startVisionServer } from '../support/vision-server.ts';

let folder: string;
let toolkits: Toolkits | undefined;
const log: string[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'toolkits-'));
});
beforeEach(() => {
  log.length = 0;
});
afterEach(async () => {
  await toolkits?.close(0);
  toolkits = undefined;
});
afterAll(() => rmSync(folder, { recursive: true }));

async function serve(options: Partial<ToolsOptions> = {}): Promise<Toolkits> {
  const stateDir = join(folder, 'state');
  const tools = (await makeTools({ stateDir, ...options })).filter(({ only }) => only !== 'with-corpus');
  toolkits = await startToolkits({
    tools,
    uncached: tools,
    host: '127.0.0.1',
    port: 0,
    stateDir,
    filesDir: join(folder, 'data'),
    seenAs: '/app/logs',
    log: (line) => log.push(line),
  });
  return toolkits;
}

const post = async (entry: string, body: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${toolkits?.url}/${entry}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, text: await response.text() };
};

const ID = 'demo/0b6a9e5e-20260131120000';
const sentBy = (name: string, params: object, more: object = { conversation_id: ID }): string =>
  JSON.stringify({ request_id: name, use_cache: true, params, ...more });

/** The answer's `result`. */
async function ask(entry: string, body: string): Promise<unknown> {
  const { status, text } = await post(entry, body);
  expect([status, text]).toEqual([200, expect.any(String)]);
  const answer = JSON.parse(text);
  expect(Object.keys(answer)).toEqual(['result']);
  return answer.result;
}

describe('each tool, asked as the original asks', () => {
  test('the three searches', async () => {
    await withServer(searxngService, async ({ url }) => {
      await serve({ providers: providersFrom({ SEARXNG_URL: url }) });
      const params = { query: ['vllm'], is_tongyi_format: true };
      for (const [entry, name, heading] of [
        ['wide_search', 'search', '[vLLM & paged attention](https://example.org/vllm)'],
        ['scholar_search', 'google_scholar', '## Web Results'],
        ['image_search', 'image_search', '## Web Results'],
      ] as const) {
        const result = await ask(entry, sentBy(name, params));
        expect(result).toMatch(/^A Search for 'vllm' found [1-9]\d* results:\n\n## Web Results\n1\. \[/);
        expect(result).toContain(heading);
      }
      // A single text, as older models write it.
      expect(await ask('wide_search', sentBy('search', { query: 'vllm', is_tongyi_format: true }))).toContain('vLLM');
    });
  });

  test('a visit', async () => {
    await withServer(
      () => ({
        headers: { 'content-type': 'text/html' },
        body: `<title>Foghorns</title><article><h1>Foghorns</h1><p>${'A foghorn warns ships in fog with a low tone. '.repeat(9)}</p></article>`,
      }),
      async ({ url }) => {
        await serve({ web: { allowPrivate: ['127.0.0.1'], robots: false, readByModel: false } });
        const params = { url: [`${url}/horn`], goal: 'the tone', is_tongyi_format: true };
        const result = await ask('wide_visit', sentBy('visit', params));
        expect(result).toContain(`The useful information in ${url}/horn for user goal the tone as follows: \n\n`);
        expect(result).toContain('low tone');
      },
    );
  });

  test('files, named as the harness names them', async () => {
    await serve();
    mkdirSync(join(folder, 'data', ID, 'sub'), { recursive: true });
    writeFileSync(join(folder, 'data', ID, 'a.txt'), 'Tide at noon.');
    writeFileSync(join(folder, 'data', ID, 'sub', 'b c.txt'), 'Tide at dusk.');
    const files = [`/app/logs/${ID}/a.txt`, join(folder, 'data', ID, 'sub/b c.txt'), '/etc/passwd'];
    const result = await ask('file_wide_parse', sentBy('parse_file', { files, is_tongyi_format: true }));
    expect(String(result).split('\n\n-------\n\n')).toEqual([
      expect.stringMatching(/^Content of a\.txt \(.*Tide at noon\.$/s),
      expect.stringMatching(/^Content of sub\/b c\.txt \(.*Tide at dusk\.$/s),
      'The path "/etc/passwd" is absolute; paths are relative to the working directory.',
    ]);
  });

  test('code and commands, in the folder of the conversation', async () => {
    await serve();
    const code = 'open("made.txt", "w").write("by code")\nprint("Grüße", 6 * 7)';
    expect(await ask('execute_code', sentBy('execute_code', { code }))).toContain('Grüße 42');
    expect(readFileSync(join(folder, 'data', ID, 'made.txt'), 'utf8')).toBe('by code');
    expect(await ask('bash', sentBy('bash', { command: 'cat made.txt; pwd; exit 3' }))).toMatch(/by code.*3/s);
    const elsewhere = sentBy('bash', { command: 'ls' }, { conversation_id: 'other/1' });
    expect(await ask('bash', elsewhere)).not.toContain('made.txt');
    // As versions before skills have sent it.
    expect(await ask('bash', sentBy('bash', { command: 'echo hello' }, {}))).toContain('hello');
  });

  test('questions on images and videos, where a model server takes them', async () => {
    const model = await startVisionServer();
    const fleet = makeFleet([
      { name: 'v', url: model.url, model: 'eye', format: 'deep_research', weight: 1, roles: ['vision'] },
    ]);
    await serve({ fleet });
    mkdirSync(join(folder, 'data', ID), { recursive: true });
    await makeMedia(join(folder, 'data', ID, 'a.png'), `${card(64, 48)} -frames:v 1`);
    await makeMedia(join(folder, 'data', ID, 'b.mp4'), card(64, 48));
    const image = { image_path: [`/app/logs/${ID}/a.png`], question: 'What is it?' };
    expect(await ask('ask_question_about_image', sentBy('ask_question_about_image', image))).toBe(
      'I see 1: a.png: Asked: What is it?',
    );
    const video = { video_path: 'b.mp4', question: 'And here?' };
    expect(await ask('ask_question_about_video', sentBy('ask_question_about_video', video))).toMatch(
      /^I see 4: b\.mp4, frame 1 of 4, at 0:00\.1:.*Asked: And here\?\n\n\[b\.mp4 \(0:01\) was shown in 4 frames/,
    );
    await fleet.close();
    await model.close();
  });

  test('tools of our own, under their names', async () => {
    await serve({ ownTools: [lamp] });
    expect(await ask('lamp', sentBy('lamp', { number: 3 }))).toBe('Lamp 3 is on.');
  });
});

let tries = 0;
const lamp: OwnTool = defineTool({
  name: 'lamp',
  description: 'Switches a lamp on.',
  arguments: z.object({ number: z.int() }),
  run({ number }) {
    if (number === 6) throw new TryLater('busy', { text: 'The lamps are busy.', failed: true }, 10);
    if (number === 7) throw new ToolError('Lamp 7 is dark.');
    if (number === 8) throw new Error('the switch fell off');
    if (number === 9 && ++tries < 2) throw new Error('not yet');
    return `Lamp ${number} is on.`;
  },
});

describe('failures', () => {
  test('are sentences, or JSON where that is wanted', async () => {
    await serve({ ownTools: [lamp] });
    expect(await ask('lamp', sentBy('lamp', { number: 7 }))).toBe('Lamp 7 is dark.');
    expect(await ask('lamp', sentBy('lamp', { number: 7, is_tongyi_format: true }))).toBe('Lamp 7 is dark.');
    expect(await ask('lamp', sentBy('lamp', { number: 7, is_tongyi_format: false }))).toEqual({
      error: 'Lamp 7 is dark.',
    });
    expect(await ask('lamp', sentBy('lamp', { number: 'x' }))).toBe(
      'lamp: number: expected number, got the string "x".',
    );
  });

  test('that pass are tried again, others are an error of the service', async () => {
    await serve({ ownTools: [lamp] });
    expect(await ask('lamp', sentBy('lamp', { number: 9 }))).toBe('Lamp 9 is on.');
    expect(await post('lamp', sentBy('lamp', { number: 8 }))).toEqual({
      status: 500,
      text: 'Internal error: the switch fell off',
    });
  }, 20_000);

  test('that do not pass in time are sentences or JSON as well', async () => {
    await serve({ ownTools: [lamp] });
    const [text, json] = await Promise.all(
      [true, false].map((is_tongyi_format) => ask('lamp', sentBy('lamp', { number: 6, is_tongyi_format }))),
    );
    expect(text).toBe('The lamps are busy.');
    expect(json).toEqual({ error: 'The lamps are busy.' });
  }, 20_000);

  test.each([
    ['nothing', '{}', {}, 404, /^There is no tool "nothing" here; there are .*file_wide_parse.*\.$/],
    ['ask_question_about_video', '{}', {}, 404, /^There is no tool "ask_question_about_video" here/],
    ['bash', 'no json', {}, 400, /^The body is not JSON\.$/],
    ['bash', '{"params": "ls"}', {}, 400, /^params: expected \{/],
    [
      'bash',
      '{"params": {}, "conversation_id": "../x"}',
      {},
      400,
      /^conversation_id: expected names .*got "\.\.\/x"\.$/,
    ],
    ['bash', '{"params": {}, "conversation_id": "/etc"}', {}, 400, /^conversation_id: /],
    ['bash', '{"params": {}, "conversation_id": "a/b/../../c"}', {}, 400, /^conversation_id: /],
    ['bash', '{}', { 'content-type': 'text/plain' }, 415, /application\/json/],
    ['bash', '{}', { origin: 'http://localhost:3000' }, 403, /browsers/],
  ])('%s with %s %j', async (entry, body, headers, status, text) => {
    await serve();
    expect(await post(entry, body, headers)).toEqual({ status, text: expect.stringMatching(text) });
  });

  test('GET: the root tells what there is, an entry wants POST', async () => {
    await serve({ ownTools: [lamp] });
    const { tools } = (await (await fetch(`${toolkits?.url}/`)).json()) as { tools: string[] };
    expect(tools).toEqual(['file_wide_parse', 'execute_code', 'bash', 'lamp']);
    expect((await fetch(`${toolkits?.url}/bash`)).status).toBe(405);
  });
});

test('a line of the log for each request, without what was asked', async () => {
  await serve();
  await ask('bash', sentBy('bash', { command: 'echo secret' }));
  await post('nothing%0Aforged', '{}');
  expect(log).toEqual([
    expect.stringMatching(/^\d{4}-\S+Z POST \/bash 200 \d+ ms \d+ bytes demo\/0b6a9e5e-20260131120000$/),
    expect.stringMatching(/^\d{4}-\S+Z POST \/nothing%0Aforged 404 \d+ ms \d+ bytes$/),
  ]);
});

test('a client that leaves stops its command', async () => {
  await serve();
  const leave = new AbortController();
  const command = 'echo $$ > pid; sleep 600';
  const asked = fetch(`${toolkits?.url}/bash`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: sentBy('bash', { command }, { conversation_id: 'leaves/1' }),
    signal: leave.signal,
  });
  const pid = await pidIn('leaves/1');
  leave.abort();
  await expect(asked).rejects.toThrow();
  while (isAlive(pid)) await sleep(20);
  while (log.length === 0) await sleep(20);
  expect(log[0]).toContain('POST /bash stopped');
});

test('closing waits for what runs, and then stops it', async () => {
  const service = await serve();
  const quick = ask(
    'bash',
    sentBy('bash', { command: 'echo $$ > pid; sleep 0.5; echo done' }, { conversation_id: 'q/1' }),
  );
  const long = post('bash', sentBy('bash', { command: 'echo $$ > pid; sleep 600' }, { conversation_id: 'l/1' }));
  const pids = [await pidIn('q/1'), await pidIn('l/1')];
  await service.close(2000);
  expect(await quick).toContain('done');
  expect(await long).toEqual({ status: 503, text: 'The tool service is being stopped.' });
  while (pids.some(isAlive)) await sleep(20);
  await expect(fetch(service.url)).rejects.toThrow();
  toolkits = undefined;
}, 60_000);

async function pidIn(conversation: string): Promise<number> {
  for (;;) {
    try {
      const pid = Number(readFileSync(join(folder, 'data', conversation, 'pid'), 'utf8'));
      if (pid > 0) return pid;
    } catch {
      // Not yet.
    }
    await sleep(20);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
