import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codecServer } from '../../client/cli/commands/codec-server.ts';
import { converterFrom } from '../../client/converter-from.ts';
import { connectDeepResearch, EXPORT_FORMATS, type ExportFormat } from '../../client/index.ts';
import { type Collector, startCollector } from '../support/collector.ts';
import { listen } from '../support/listen.ts';
import { type McpHttpServer, startSessionServer } from '../support/mcp/http.ts';
import { findPlanted, MARK, planted, startEcho, withSecrets } from '../support/planted.ts';
import { payloadsIn, rawHistory, textOfHistory } from '../support/raw-history.ts';
import { NO_PROVIDERS, openSessions, played, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

const CLI = fileURLToPath(new URL('../../client/cli/main.ts', import.meta.url));

let sessions: Sessions;
let collector: Collector;
let echo: Awaited<ReturnType<typeof startEcho>>;
let mcp: McpHttpServer;
/** Of the files that hold secrets. */
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  sessions = await openSessions();
  [collector, echo] = await Promise.all([startCollector(), startEcho()]);
  // Quotes all that it was sent: `look` in an error, `ask` in a result.
  mcp = await startSessionServer(({ name }, send, cut) => {
    const text = `I was sent ${JSON.stringify(mcp.requests.at(-1))} at ?token=${planted('mcp-address')}`;
    const link = { type: 'resource_link', uri: `https://a.example/?token=${planted('mcp-address')}`, name: 'a file' };
    const content = [{ type: 'text', text }, link];
    send(name === 'look' ? { error: { code: -1, message: text } } : { result: { content } });
    cut();
  });
}, START_LIMIT_MS);

afterAll(async () => {
  await sessions?.close();
  await Promise.all([collector?.close(), echo?.close(), mcp?.close()]);
  rmSync(folder, { recursive: true, force: true });
});

function secretFile(name: string, text: string): string {
  writeFileSync(join(folder, name), `${text}\n`);
  return join(folder, name);
}

/** A key whose 32 bytes hold the mark, so that it is found however it is written. */
const keyOf = (id: string) => `${id}:${Buffer.from(`${MARK}-${id}`.padEnd(32, '0')).toString('base64')}`;

const mcpServers = () =>
  JSON.stringify({
    mcpServers: {
      quoting: {
        url: `${mcp.url}?token=${planted('mcp-address')}`,
        headers: { authorization: `Bearer ${planted('mcp-header')}`, 'x-key': planted('mcp-key') },
      },
    },
  });

const filesBelow = (root: string) =>
  Object.fromEntries(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name), 'latin1')]),
  );

test('an encrypted session with a tool service and MCP over HTTP that quote what they are sent', {
  timeout: 300_000,
}, async () => {
  const keys = { DEEP_RESEARCH_ENCRYPTION_KEYS_FILE: secretFile('keys', `${keyOf('new')}\n${keyOf('old')}`) };
  const port = await listen(createServer()).then(async ({ url, close }) => {
    await close();
    return new URL(url).port;
  });
  const worker = await sessions.work({
    ...keys,
    LLM_SERVER_API_KEY_FILE: secretFile('model', planted('model-key')),
    TOOLS_SERVER_BASE_ENDPOINT_URL: withSecrets(echo.url, '/tools'),
    DEEP_RESEARCH_MCP_SERVERS: mcpServers(),
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: `x-key=${planted('otlp-header')}`,
    OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true',
    DEEP_RESEARCH_METRICS_ADDRESS: `127.0.0.1:${port}`,
    DEEP_RESEARCH_LOG_LEVEL: 'debug',
  });
  const env = { TEMPORAL_ADDRESS: sessions.address, DEEP_RESEARCH_STATE_DIR: sessions.stateDir };
  const connect = (more: Record<string, string>) =>
    connectDeepResearch({ address: sessions.address, taskQueue: sessions.taskQueue, env: { ...env, ...more } });
  await using client = await connect(keys);

  const tools = ['search', 'visit', 'bash', 'ask', 'look'];
  const script = [
    { name: 'search', arguments: { query: ['lamps'] } },
    { name: 'visit', arguments: { url: ['http://127.0.0.1:1/page'], goal: 'lamps' } },
    { name: 'bash', arguments: { command: 'env' } },
    { name: 'ask', arguments: {} },
    { name: 'look', arguments: {} },
  ];
  const answered = await client.start(played({ script }, { tools }));
  await answered.result();

  const authorization = `Bearer ${planted('model-key')}`;
  sessions.model.faults.add({ kind: 'status', status: 400, body: { error: { message: `Not with ${authorization}` } } });
  const failed = await client.start(played({ rounds: 1 }, { tools }));
  const failure = await failed.result().then(
    () => '',
    (error: Error) => `${error.message} ${error.cause}`,
  );
  expect(failure).toContain('Not with');

  const out: Record<string, string> = { 'the error of a failed session': failure };
  const codecs = converterFrom(keys).payloadCodecs ?? [];
  for (const { id } of [answered, failed]) {
    const events = await rawHistory(sessions.client, id);
    out[`the history of ${id}`] = textOfHistory(events);
    let payloads = payloadsIn(events);
    for (const codec of codecs) payloads = await codec.decode(payloads as never);
    out[`the history of ${id}, decrypted`] = payloads.map(({ data }) => Buffer.from(data ?? []).toString()).join('\n');
  }
  for (const format of Object.keys(EXPORT_FORMATS) as ExportFormat[])
    out[`the export as ${format}`] = await answered.export(format);
  out['the metrics'] = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();

  // Who has not the key is told of it by its id.
  await using blind = await connect({});
  out['what is said without the key'] = await blind.attach(answered.id).then(
    () => '',
    (error: Error) => `${error.message} ${error.cause}`,
  );
  expect(out['what is said without the key']).toContain('the key "new"');
  await worker.stop();
  out['the log'] = worker.output();
  out['the spans'] = JSON.stringify(collector.spans);
  Object.assign(out, filesBelow(sessions.stateDir));

  // The secrets were at work, and what was quoted came through.
  expect(collector.raw()).toContain(planted('otlp-header'));
  expect(mcp.requests.at(-1)).toMatchObject({ 'x-key': planted('mcp-key') });
  const decrypted = out[`the history of ${answered.id}, decrypted`];
  expect(decrypted).toContain('400 {\\"error\\"');
  expect(decrypted).toContain('\\"x-key\\":\\"[secret]');
  expect(out[`the history of ${answered.id}`]).not.toContain('I was sent');
  expect(findPlanted(out)).toEqual([]);
});

test('the tool service of ours, in answers, log and files', { timeout: 120_000 }, async () => {
  const stateDir = join(folder, 'toolkits');
  const env = {
    ...{ PATH: process.env.PATH, HOME: folder },
    ...NO_PROVIDERS,
    DEEP_RESEARCH_STATE_DIR: stateDir,
    DEEP_RESEARCH_SEARCH_PROVIDERS: 'serper,searxng',
    SERPER_API_KEY_FILE: secretFile('serper', planted('serper-key')),
    SEARXNG_URL: withSecrets(echo.url, '/searx'),
    DEEP_RESEARCH_PROVIDER_URLS: `serper=${echo.url}`,
    DEEP_RESEARCH_ALLOW_PRIVATE: '127.0.0.0/8',
    JINA_API_KEY: planted('jina-key'),
    JINA_READER_URL: `${echo.url}/`,
    LLM_SERVER_BASE_ENDPOINT_URL: withSecrets(echo.url, '/v1'),
    LLM_SERVER_MODEL_NAME: 'm',
    LLM_SERVER_API_KEY: planted('model-key'),
    DEEP_RESEARCH_MCP_SERVERS: mcpServers(),
    DEEP_RESEARCH_LOG_LEVEL: 'debug',
    SOMEBODY_ELSES_TOKEN: planted('environment'),
  };
  const child = spawn(process.execPath, [CLI, 'toolkits', '--port', '0'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const out: Record<string, string> = { 'what it prints': '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      out['what it prints'] += text;
    });
  }
  const ended = once(child, 'close');
  try {
    let url: string | undefined;
    while (url === undefined) {
      await Promise.race([
        once(child.stdout, 'data'),
        ended.then(() => Promise.reject(new Error(out['what it prints']))),
      ]);
      url = /Tool service at (\S+)/.exec(out['what it prints'] ?? '')?.[1];
    }
    const calls: [string, unknown][] = [
      ['wide_search', { query: ['lamps'] }],
      ['wide_visit', { url: [`${echo.url}/page`], goal: 'lamps' }],
      ['bash', { command: 'env; cat /proc/self/environ; echo' }],
      ['execute_code', { code: 'import os\nprint(dict(os.environ))' }],
      ['ask', {}],
      ['look', {}],
      ['nothing', {}],
    ];
    for (const [entry, params] of calls) {
      const response = await fetch(`${url}/${entry}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ request_id: entry, params, conversation_id: 'a/b' }),
      });
      out[`the answer of ${entry}`] = await response.text();
    }
    out['the list of tools'] = await (await fetch(`${url}/`)).text();
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
  Object.assign(out, filesBelow(stateDir));
  expect(out['the answer of ask']).toContain('I was sent');
  expect(out['the answer of bash']).toContain('PATH=');
  expect(findPlanted(out)).toEqual([]);
});

test('the codec server, in what it answers and says', async () => {
  const env = {
    DEEP_RESEARCH_ENCRYPTION_KEYS: keyOf('one'),
    DEEP_RESEARCH_CODEC_TOKEN_FILE: secretFile('token', planted('codec-token')),
  };
  const out: Record<string, string> = { 'what it prints': '' };
  const listening = Promise.withResolvers<string>();
  const err = {
    write(text: string) {
      out['what it prints'] += text;
      listening.resolve(/http:\S+/.exec(text)?.[0] ?? '');
    },
  };
  const stop = new AbortController();
  const served = codecServer({ host: '127.0.0.1', port: 0 }, { err, signal: stop.signal }, env);
  const url = await listening.promise;
  const [sealed] = (await converterFrom(env).payloadCodecs?.[0]?.encode([{ data: Buffer.from('"x"') }])) ?? [];
  const metadata = (id: string) => ({
    encoding: Buffer.from('binary/encrypted').toString('base64'),
    'encryption-key-id': Buffer.from(id).toString('base64'),
  });
  const garbled = {
    metadata: metadata('one'),
    data: Buffer.from(sealed?.data ?? [])
      .subarray(1)
      .toString('base64'),
  };
  const right = { authorization: `Bearer ${planted('codec-token')}` };
  const asked: [string, Record<string, string>, unknown, number][] = [
    ['without a token', {}, { payloads: [] }, 401],
    ['with a wrong one', { authorization: `Bearer ${planted('codec-token').slice(0, 3)}` }, { payloads: [] }, 401],
    ['with a body that is none', right, 'no JSON', 400],
    ['with a payload that was changed', right, { payloads: [garbled] }, 500],
    ['with a key that is missing', right, { payloads: [{ ...garbled, metadata: metadata('two') }] }, 500],
  ];
  for (const [how, headers, body, status] of asked) {
    const response = await fetch(`${url}/decode`, { method: 'POST', headers, body: JSON.stringify(body) });
    out[`the answer ${how}`] = JSON.stringify([...response.headers]) + (await response.text());
    expect([how, response.status]).toEqual([how, status]);
  }
  stop.abort();
  await served;
  expect(findPlanted(out)).toEqual([]);
});
