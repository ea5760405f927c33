import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { QUERY, UPDATE } from '../../protocol/names.ts';
import type { TrajectoryPage } from '../../protocol/trajectory.ts';
import { readConfiguration } from '../../worker/configuration/index.ts';
import { deepResearchPlugin, defineTool, ToolError } from '../../worker/index.ts';
import { codeOf, runExample } from '../support/example.ts';
import { STDIO } from '../support/mcp/open.ts';
import { chatReply } from '../support/model-apis/chat-tools.ts';
import { startModelApi } from '../support/model-apis/server.ts';
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

let sessions: Sessions;
let connection: NativeConnection;
const open: { close: () => Promise<unknown> }[] = [];

beforeAll(async () => {
  sessions = await openSessions();
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  connection = await NativeConnection.connect({ address: sessions.address });
}, START_LIMIT_MS);
beforeEach(() => sessions.model.requests.clear());
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});
afterAll(async () => {
  await connection?.close();
  await sessions?.close();
});

const callsOf = async (handle: SessionHandle) => {
  const { segments } = await handle.query<TrajectoryPage, []>(QUERY.trajectory);
  return segments.flatMap(({ rounds }) => rounds.flatMap(({ calls }) => calls));
};

/** Types and summaries of the activities. */
async function activitiesOf(handle: SessionHandle): Promise<[type: string, summary: string][]> {
  const { events = [] } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled, userMetadata }) => {
    if (!scheduled) return [];
    const summary = Buffer.from(userMetadata?.summary?.data ?? []).toString();
    return [[scheduled.activityType?.name ?? '', summary && (JSON.parse(summary) as string)]];
  });
}

test("the document's program serves its tool: in the prompt, in the UI, to the model", async () => {
  const example = runExample('docs/own-tools.md', sessions.env);
  open.push({ close: () => example.stop() });
  const session = await sessions.start(
    played({
      script: [
        { name: 'moon_age', arguments: { day: '2026-01-31' } },
        { name: 'moon_age', arguments: {} },
      ],
    }),
  );
  await eventually(`the session ends; the program says ${example.output()}`, async () => {
    expect((await statusOf(session)).state).toBe('done');
    return true;
  });
  expect((await callsOf(session)).map(({ state, result }) => [state, result])).toEqual([
    ['done', 'On 2026-01-31 the moon is 12.4 days old (full moon).'],
    ['failed', 'moon_age: day: expected string, got nothing.'],
  ]);
  const prompt = JSON.stringify(modelCalls(sessions)[0]?.body);
  expect(prompt).toContain('moon_age');
  expect(prompt).toContain('The day, such as 2026-01-31');
  expect(await activitiesOf(session)).toContainEqual(['moon_age', '2026-01-31']);
  expect(await example.stop()).toBe(0);
});

/** A worker in this process with two tools. */
async function serve(env: NodeJS.ProcessEnv = {}): Promise<{ ran: string[] }> {
  const ran: string[] = [];
  const lamp = defineTool({
    name: 'lamp',
    description: 'Switches a lamp.',
    arguments: z.object({ number: z.int(), on: z.boolean() }),
    effectful: true,
    run({ number, on }, { callId }) {
      if (number > 9) throw new ToolError(`There is no lamp ${number}.`);
      ran.push(`${callId} ${number} ${on}`);
      return { text: `Lamp ${number} is ${on ? 'on' : 'off'}.`, sources: [{ url: `lamp:${number}` }] };
    },
  });
  let tries = 0;
  const shaky = defineTool({
    name: 'shaky',
    description: 'Fails at first.',
    arguments: z.object({}),
    run() {
      tries += 1;
      if (tries < 2) throw new Error('not yet');
      return `The attempt ${tries} went well.`;
    },
  });
  const configuration = readConfiguration({ ...sessions.env, ...env });
  const plugin = await deepResearchPlugin({ configuration, tools: [lamp, shaky] });
  const worker = await Worker.create({ connection, taskQueue: sessions.taskQueue, plugins: [plugin] });
  const running = worker.run();
  open.push({
    async close() {
      worker.shutdown();
      await running;
    },
  });
  return { ran };
}

test('through the plugin: approval, order, errors, a fault that passes, sources', async () => {
  const { ran } = await serve();
  const lamp = (number: number, on: boolean) => ({ name: 'lamp', arguments: { number, on } });
  const session = await sessions.start(
    played(
      {
        script: [
          [lamp(1, true), lamp(2, true), lamp(10, true)],
          [
            { name: 'shaky', arguments: {} },
            { name: 'fly', arguments: {} },
          ],
        ],
      },
      { approve: ['lamp'], tools: ['lamp', 'shaky'] },
    ),
  );
  for (const [callId, approved] of [
    ['r1c1', true],
    ['r1c2', false],
    ['r1c3', true],
  ] as const) {
    await eventually(`${callId} waits`, async () =>
      (await statusOf(session)).calls.some(({ id, state }) => id === callId && state === 'approval'),
    );
    await session.executeUpdate<void, [unknown]>(UPDATE.approve, { args: [{ callId, approved }] });
  }
  const { sources } = await session.result();
  expect(ran).toEqual(['r1c1 1 true']);
  expect((await callsOf(session)).map(({ state, result }) => [state, result])).toEqual([
    ['done', 'Lamp 1 is on.'],
    ['refused', 'A person refused this call. Go on without it.'],
    ['failed', 'There is no lamp 10.'],
    ['done', 'The attempt 2 went well.'],
    ['failed', 'There is no tool named "fly". Available tools: lamp, shaky.'],
  ]);
  expect(sources).toEqual([{ url: 'lamp:1', call: 'r1c1' }]);
  expect(await activitiesOf(session)).toContainEqual(['lamp', '1 · true']);
});

test('an API with native calls is told of it in its request', async () => {
  const said = [
    { text: 'Light.', calls: [{ name: 'lamp', arguments: { number: 3, on: true } }] },
    { text: '<answer>It is light.</answer>' },
  ];
  const api = await startModelApi((_, index) => ({ body: chatReply(said[index]!, `c${index}`) }));
  open.push(api);
  await serve({
    LLM_SERVER_BASE_ENDPOINT_URL: api.url,
    LLM_SERVER_MODEL_NAME: 'm',
    LLM_SERVER_SYSTEM_FORMAT: 'volcano',
    VOLCANO_KEY: 'k',
  });
  const session = await sessions.start('Is it light?');
  expect(await session.result()).toMatchObject({ answer: 'It is light.' });
  expect(api.requests[0]?.body.tools).toContainEqual({
    type: 'function',
    function: {
      name: 'lamp',
      description: 'Switches a lamp.',
      parameters: {
        type: 'object',
        properties: { number: expect.objectContaining({ type: 'integer' }), on: { type: 'boolean' } },
        required: ['number', 'on'],
      },
    },
  });
  expect(api.requests[1]?.text).toContain('Lamp 3 is on.');
});

test('a session that asks for a tool nobody serves fails with the names there are', async () => {
  await serve();
  const session = await sessions.start({ question: 'x', tools: ['lamps'] });
  await expect(session.result()).rejects.toMatchObject({
    cause: {
      message: expect.stringMatching(
        /^Invalid input: tools: this worker cannot serve "lamps"; it can serve .*lamp, shaky\.$/,
      ),
    },
  });
});

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

test("the document's MCP server: in the prompt, in the UI, with a limit, to the model", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-example-'));
  open.push({ close: async () => rmSync(folder, { recursive: true }) });
  mkdirSync(join(folder, 'node_modules'));
  for (const name of ['@modelcontextprotocol', 'zod']) {
    symlinkSync(join(modules, name), join(folder, 'node_modules', name));
  }
  writeFileSync(join(folder, 'mcp.json'), codeOf('docs/own-tools.md', 'json'));
  writeFileSync(join(folder, 'tides.mjs'), codeOf('docs/own-tools.md', 'js'));
  const worker = await sessions.work({
    DEEP_RESEARCH_MCP_SERVERS: join(folder, 'mcp.json'),
    DEEP_RESEARCH_TOOL_RATES: 'high_water=50',
  });
  open.push({ close: () => worker.stop() });
  expect(worker.output()).toContain('MCP servers tides; further tools high_water;');
  const harbour = (name: unknown) => ({ name: 'high_water', arguments: { harbour: name } });
  const session = await sessions.start(
    played({ script: [[harbour('Emden'), harbour('Ulm')], harbour(7)] }, { tools: ['high_water'] }),
  );
  await session.result();
  expect((await callsOf(session)).map(({ state, result }) => [state, result])).toEqual([
    ['done', 'Emden: 12:40'],
    ['failed', 'There is no harbour Ulm.'],
    ['failed', expect.stringContaining('expected string, received number')],
  ]);
  expect(JSON.stringify(modelCalls(sessions)[0]?.body)).toContain('Time of the next high water.');
  const { events } = await session.fetchHistory();
  const calls = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled?.activityType?.name === 'high_water' ? [scheduled.taskQueue?.name] : [],
  );
  expect(calls).toEqual(Array(3).fill(`${sessions.taskQueue}-high_water`));
  expect(await activitiesOf(session)).toContainEqual(['high_water', 'Emden']);
});

test('an MCP server that is killed between two approved calls: the session goes on, the worker ends it in order', async () => {
  const mcpServers = JSON.stringify({ mcpServers: { harbour: STDIO } });
  const worker = await sessions.work({ DEEP_RESEARCH_MCP_SERVERS: mcpServers });
  open.push({ close: () => worker.stop() });
  const tide = { name: 'tide', arguments: { harbour: 'Emden' } };
  const session = await sessions.start(played({ script: [tide, tide] }, { tools: ['tide'], approve: ['tide'] }));
  const approve = async (callId: string) => {
    await eventually(`${callId} waits`, async () =>
      (await statusOf(session)).calls.some(({ id, state }) => id === callId && state === 'approval'),
    );
    await session.executeUpdate<void, [unknown]>(UPDATE.approve, { args: [{ callId, approved: true }] });
  };
  const pids = async () =>
    (await callsOf(session)).flatMap(({ result }) => Number(/process (\d+)/.exec(result ?? '')?.[1]) || []);
  await approve('r1c1');
  await eventually('the first call is done', async () => (await pids()).length === 1);
  const [first] = (await pids()) as [number];
  process.kill(first, 'SIGKILL');
  await approve('r2c1');
  await session.result();
  const [, second] = (await pids()) as [number, number];
  expect(second).not.toBe(first);
  expect((await callsOf(session)).map(({ state }) => state)).toEqual(['done', 'done']);
  expect(await worker.stop()).toBe(0);
  expect(() => process.kill(second, 0)).toThrow('ESRCH');
});

test('through the plugin: the tools of an MCP server, which ends with the worker', async () => {
  const mcpServers = JSON.stringify({ mcpServers: { harbour: STDIO } });
  const configuration = readConfiguration({ ...sessions.env, DEEP_RESEARCH_MCP_SERVERS: mcpServers });
  const plugin = await deepResearchPlugin({ configuration });
  const worker = await Worker.create({ connection, taskQueue: sessions.taskQueue, plugins: [plugin] });
  const [call] = await worker.runUntil(async () => {
    const script = [{ name: 'tide', arguments: { harbour: 'Emden' } }];
    const session = await sessions.start(played({ script }, { tools: ['tide'] }));
    await session.result();
    return callsOf(session);
  });
  const pid = Number(/^Emden: high water at 12:40 \(process (\d+)\)$/.exec(call?.result ?? '')?.[1]);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
