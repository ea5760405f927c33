import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRehearsal } from '../../local/rehearsal/server.ts';
import { type Behaviour, withServer } from '../support/providers/local-server.ts';
import { runProgram } from '../support/run-program.ts';
import { openSessions, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

const KEY = 'sk-never-shown';
const models = (...ids: string[]) => ({ body: { data: ids.map((id) => ({ id, max_model_len: 40_960 })) } });

let sessions: Sessions;
/** Takes connections and never says a word. */
let mute: Server;

beforeAll(async () => {
  sessions = await openSessions();
  mute = createServer(() => {});
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
}, START_LIMIT_MS);

afterAll(async () => {
  mute?.close();
  await sessions?.close();
});

/** Runs a program of the project to its end. */
const run = (args: string[], env: NodeJS.ProcessEnv) => runProgram(process.execPath, args, { ...sessions.env, ...env });

const worker = (env: NodeJS.ProcessEnv) => run(['worker/main.ts'], env);
const check = (env: NodeJS.ProcessEnv) => run(['worker/main.ts', '--check'], env);
const npmStart = (env: NodeJS.ProcessEnv) => run(['local/main.ts', 'Why?'], env);

/** A port that nothing listens on. */
async function closedUrl(): Promise<string> {
  const model = await startRehearsal();
  await model.close();
  return model.url;
}

const at = (url: string, model = 'm') => ({ LLM_SERVER_BASE_ENDPOINT_URL: url, LLM_SERVER_MODEL_NAME: model });
const mutePort = () => (mute.address() as { port: number }).port;

test('MCP servers that cannot be used, and a limit for no tool, are a sentence each', async () => {
  const mcpServers = { tides: { command: 'no-such-program', env: { KEY } }, far: { url: await closedUrl() } };
  const { code, out, err } = await worker({
    DEEP_RESEARCH_MCP_SERVERS: JSON.stringify({ mcpServers }),
  });
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err.trim().split('\n')).toEqual([
    'DEEP_RESEARCH_MCP_SERVERS: the MCP server "tides" cannot be used: there is no program "no-such-program".',
    expect.stringMatching(
      /^DEEP_RESEARCH_MCP_SERVERS: the MCP server "far" cannot be used: no server answers at .*\.$/,
    ),
  ]);
  expect((await check({ DEEP_RESEARCH_TOOL_RATES: 'serch=2' })).err).toBe(
    'DEEP_RESEARCH_TOOL_RATES: there is no tool "serch"; did you mean search?\n',
  );
});

describe('a model server that cannot be used ends the worker with one sentence', () => {
  test('nobody listens, and it is told to need a model', async () => {
    const url = await closedUrl();
    expect(await run(['worker/main.ts', '--need-model'], at(url))).toEqual({
      code: 1,
      out: '',
      err: `LLM_SERVER_BASE_ENDPOINT_URL: no model server answers at ${url} (ECONNREFUSED); is it running, and are host and port right?\n`,
    });
  });

  test('it is silent', async () => {
    const { code, err } = await check(at(`http://127.0.0.1:${mutePort()}`));
    expect(code).toBe(1);
    expect(err).toMatch(/^LLM_SERVER_BASE_ENDPOINT_URL: no model server answers at \S+ \(silent for 5 s\); .*\n$/);
  });

  const refuses: Behaviour = () => ({ status: 401, body: { error: 'Unauthorized' } });

  test('it refuses the key, which is not shown', async () => {
    await withServer(refuses, async ({ url, last }) => {
      expect(await worker({ ...at(url), LLM_SERVER_API_KEY: KEY })).toEqual({
        code: 1,
        out: '',
        err: `LLM_SERVER_API_KEY: the model server at ${url} refused the key (401); give it the key that the server expects.\n`,
      });
      expect(last()).toMatchObject({ path: '/v1/models', headers: { authorization: `Bearer ${KEY}` } });
    });
  });

  test('it wants a key', async () => {
    await withServer(refuses, async ({ url }) => {
      const { code, err } = await worker(at(url));
      expect([code, err]).toEqual([
        1,
        `LLM_SERVER_API_KEY: the model server at ${url} wants a key (401), and none is set.\n`,
      ]);
    });
  });

  test.each([
    [['S1-DeepResearch'], 'it serves S1-DeepResearch.'],
    [['other', 'S1-DeepResearch'], 'did you mean S1-DeepResearch? It serves other, S1-DeepResearch.'],
  ])('it has not the model, but %j', async (ids, hint) => {
    await withServer(
      () => models(...ids),
      async ({ url }) => {
        const { code, err } = await worker(at(url, 'S1-DeepReserach'));
        expect([code, err]).toEqual([
          1,
          `LLM_SERVER_MODEL_NAME: the model server at ${url} has no model "S1-DeepReserach"; ${hint}\n`,
        ]);
      },
    );
  });

  test('an endpoint of the list is named by its place', async () => {
    const url = await closedUrl();
    const { code, err } = await check({
      ...at('', ''),
      DEEP_RESEARCH_ENDPOINTS: JSON.stringify([{ url, model: 'm' }]),
    });
    expect(code).toBe(1);
    expect(err).toMatch(/^DEEP_RESEARCH_ENDPOINTS\[0\]\.url: no model server answers at /);
  });
});

test('with one good server of two the worker warns and serves', async () => {
  const url = await closedUrl();
  const started = await sessions.work({ LLM_SERVER_BASE_ENDPOINT_URL: `${sessions.model.url},${url}` });
  const [warning, ready] = started
    .output()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(warning).toMatchObject({
    level: 'warn',
    message: expect.stringMatching(/^LLM_SERVER_BASE_ENDPOINT_URL: no model server answers at /),
  });
  expect(ready.with[0]).toMatch(/^Models: .*131072 tokens/);
  expect(await started.stop()).toBe(0);
});

test('a worker that asks no models looks at none', async () => {
  const { code, out } = await check({ ...at(await closedUrl()), WORKER_ROLES: 'workflow,tools' });
  expect(code).toBe(0);
  expect(out).toContain('serves workflow, tools');
});

describe('--check', () => {
  test('tells the length of the context that the server told', async () => {
    await withServer(
      () => models('m'),
      async ({ url }) => {
        const { code, out, err } = await check(at(`${url}/v1/`));
        expect([code, err]).toEqual([0, '']);
        expect(out).toContain('40960 tokens');
        expect(out).toMatch(/The configuration is good\.\n$/);
      },
    );
  });

  test.each<[string, Behaviour]>([
    ['has no list of models', () => ({ status: 404 })],
    ['is loading its model', () => ({ status: 503 })],
    ['lists no models', () => models()],
    ['lists them in a way of its own', () => ({ body: ['m'] })],
  ])('a server that %s is given the benefit of the doubt', async (_, behaviour) => {
    await withServer(behaviour, async ({ url }) => {
      expect(await check(at(url))).toMatchObject({ code: 0, err: '' });
    });
  });

  test('tells what is wrong with both servers at once', async () => {
    const { code, out, err } = await check({ ...at(await closedUrl()), TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expect([code, out]).toEqual([1, '']);
    expect(
      err
        .trim()
        .split('\n')
        .map((line) => line.split(':')[0]),
    ).toEqual(['LLM_SERVER_BASE_ENDPOINT_URL', 'TEMPORAL_ADDRESS']);
  });
});

describe('a Temporal server that cannot be used ends the worker with one sentence', () => {
  test.each([
    ['that is not there', () => 1],
    ['that is silent', mutePort],
  ])('one %s', async (_, port) => {
    const address = `127.0.0.1:${port()}`;
    expect(await worker({ TEMPORAL_ADDRESS: address })).toEqual({
      code: 1,
      out: '',
      err: `TEMPORAL_ADDRESS: no Temporal server answers at ${address}; start one with \`temporal server start-dev\` or \`npm start\`, or set its address.\n`,
    });
  });

  test('one without the namespace', async () => {
    expect(await worker({ TEMPORAL_NAMESPACE: 'elsewhere' })).toEqual({
      code: 1,
      out: '',
      err: `TEMPORAL_NAMESPACE: the Temporal server at ${sessions.address} has no namespace "elsewhere"; make it with \`temporal operator namespace create elsewhere\`, or set another.\n`,
    });
  });
});

describe('npm start ends when it cannot start, and says why once', () => {
  const times = (text: string, part: string) => text.split(part).length - 1;

  test('a model server that is away', async () => {
    const { code, err } = await npmStart(at(await closedUrl()));
    expect(code).toBe(1);
    expect(times(err, 'LLM_SERVER_BASE_ENDPOINT_URL: no model server answers at ')).toBe(1);
  });

  test('a misspelt variable, before anything is started', async () => {
    const { code, err } = await npmStart({ DEEP_RESEARCH_CORPUS: '/' });
    expect(code).toBe(1);
    expect(times(err, 'DEEP_RESEARCH_CORPUS: there is no such variable; did you mean DEEP_RESEARCH_CORPUS_DIR?')).toBe(
      1,
    );
  });
});
