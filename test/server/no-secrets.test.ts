import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectDeepResearch, EXPORT_FORMATS, type ExportFormat } from '../../client/index.ts';
import { WORKFLOW } from '../../protocol/names.ts';
import { type Collector, startCollector } from '../support/collector.ts';
import { listen } from '../support/listen.ts';
import { oddServer } from '../support/mcp/odd-server.ts';
import { findPlanted, MARK, planted, startEcho, withSecrets } from '../support/planted.ts';
import { rawHistory, textOfHistory } from '../support/raw-history.ts';
import { eventually, openSessions, played, type Sessions, START_LIMIT_MS, statusOf } from '../support/sessions.ts';
import type { WorkerProcess } from '../support/worker-process.ts';

let sessions: Sessions;
let worker: WorkerProcess;
let collector: Collector;
let echo: Awaited<ReturnType<typeof listen>>;
let metrics: string;
/** What came out, by where it did. */
const out: Record<string, string> = {};

beforeAll(async () => {
  sessions = await openSessions();
  [collector, echo] = await Promise.all([startCollector(), startEcho()]);
  const port = await listen(createServer()).then(async ({ url, close }) => {
    await close();
    return new URL(url).port;
  });
  metrics = `127.0.0.1:${port}`;
  const file = join(sessions.stateDir, 'settings.json');
  writeFileSync(file, JSON.stringify({ BRAVE_API_KEY: planted('file-key') }));
  const leaky = { name: 'leaky', description: 'Tells its key.', inputSchema: { type: 'object' } };
  const tells = { content: [{ type: 'text', text: `my key is ${planted('mcp-environment')}` }] };
  const server = {
    command: process.execPath,
    args: ['-e', oddServer({ tools: [leaky] }, tells), '--', '--api-key', planted('argument')],
    env: { TOKEN: planted('mcp-environment') },
  };
  worker = await sessions.work({
    S1_DR_CONFIG_JSON: file,
    LLM_SERVER_API_KEY: planted('model-key'),
    DEEP_RESEARCH_SEARCH_PROVIDERS: 'serper,brave,searxng',
    DEEP_RESEARCH_SCHOLAR_PROVIDERS: 'serper,semantic-scholar',
    SERPER_API_KEY: planted('serper-key'),
    SEMANTIC_SCHOLAR_API_KEY: planted('scholar-key'),
    SEARXNG_URL: addressOfEcho('/searx'),
    DEEP_RESEARCH_PROVIDER_URLS: `serper=${echo.url},brave=${echo.url},semantic-scholar=${echo.url}`,
    JINA_API_KEY: planted('jina-key'),
    JINA_READER_URL: `${echo.url}/`,
    DEEP_RESEARCH_ALLOW_PRIVATE: '127.0.0.0/8',
    DEEP_RESEARCH_TRANSCRIPTION_URL: addressOfEcho('/sound'),
    DEEP_RESEARCH_TRANSCRIPTION_MODEL: 'm',
    DEEP_RESEARCH_TRANSCRIPTION_API_KEY: planted('transcription-key'),
    DEEP_RESEARCH_MCP_SERVERS: JSON.stringify({ mcpServers: { server } }),
    AWS_ACCESS_KEY_ID: 'an-id',
    AWS_SECRET_ACCESS_KEY: planted('s3-key'),
    AWS_SESSION_TOKEN: planted('s3-token'),
    AWS_ENDPOINT_URL: echo.url,
    DEEP_RESEARCH_CACHE_DIR: 's3://some-bucket/cache',
    SOMEBODY_ELSES_TOKEN: planted('environment'),
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: `x-key=${planted('otlp-header')}`,
    OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true',
    DEEP_RESEARCH_METRICS_ADDRESS: metrics,
    DEEP_RESEARCH_LOG_LEVEL: 'debug',
  });
}, START_LIMIT_MS);

afterAll(async () => {
  await sessions?.close();
  await Promise.all([collector?.close(), echo?.close()]);
});

const addressOfEcho = (path: string) => withSecrets(echo.url, path);

const script = [
  { name: 'search', arguments: { query: ['lamps'] } },
  { name: 'google_scholar', arguments: { query: ['lamps'] } },
  { name: 'visit', arguments: { url: [`http://127.0.0.1:1/page`], goal: 'lamps' } },
  { name: 'leaky', arguments: {} },
  { name: 'bash', arguments: { command: 'env; cat /proc/self/environ; echo' } },
  { name: 'PythonInterpreter', arguments: { code: 'import os\nprint(dict(os.environ))' } },
];
const tools = ['search', 'google_scholar', 'visit', 'leaky', 'bash', 'PythonInterpreter'];

/** The model server refuses, and quotes the key. */
const refusal = {
  kind: 'status',
  status: 400,
  body: { error: { message: `Bad request with authorization: Bearer ${planted('model-key')}` } },
} as const;

test('sessions that answer, hold and fail, and a batch, bring out no secret', { timeout: 300_000 }, async () => {
  await using client = await connectDeepResearch({
    address: sessions.address,
    taskQueue: sessions.taskQueue,
    env: { DEEP_RESEARCH_STATE_DIR: sessions.stateDir },
  });
  const answered = await client.start({ ...played({ script }, { tools }) });
  await answered.result();

  sessions.model.faults.add(refusal);
  const failed = await client.start({ ...played({ rounds: 1 }, { tools }) });
  const failure = await failed.result().then(
    () => '',
    (error: Error) => `${error.message} ${error.cause}`,
  );
  expect(failure).toContain('Bad request');
  out['the error of a failed session'] = failure;

  sessions.model.faults.add({ ...refusal, match: { nth: 2 } });
  const held = await sessions.start(played({ rounds: 2 }, { tools }));
  await eventually('a session holds', async () => (await statusOf(held)).state === 'holding', 60_000);
  out['a status'] = JSON.stringify(await statusOf(held));
  out['current details'] = JSON.stringify(await held.query('__temporal_workflow_metadata'));
  await held.executeUpdate('finish');
  await held.result();

  const queue = `echo-${randomUUID()}`;
  const echoed = await sessions.work({
    TEMPORAL_TASK_QUEUE: queue,
    LLM_SERVER_BASE_ENDPOINT_URL: addressOfEcho('/v1'),
    LLM_SERVER_API_KEY: planted('model-key'),
  });
  const refused = await sessions.client.workflow.start(WORKFLOW.session, {
    workflowId: `echo-${randomUUID()}`,
    taskQueue: queue,
    args: ['Lamps?'],
  });
  const quoted = await refused.result().then(
    () => '',
    (error: Error) => JSON.stringify(error.cause, undefined, 1),
  );
  expect(quoted).toContain('I was sent');
  out['the error of a session whose model server quotes what it was sent'] = quoted;
  await echoed.stop();
  out["that worker's log"] = echoed.output();

  const { model } = played({ script: script.slice(0, 1) });
  const rows = [{ id: 1, question: 'Lamps?' }];
  const batch = await client.startBatch({ model, tools, rows, logLabel: 'trial' }, { id: `batch-${randomUUID()}` });
  await batch.result();

  for (const id of [answered.id, failed.id, held.workflowId, refused.workflowId, batch.id]) {
    out[`the history of ${id}`] = textOfHistory(await rawHistory(sessions.client, id));
  }
  for (const format of Object.keys(EXPORT_FORMATS) as ExportFormat[])
    out[`the export as ${format}`] = await answered.export(format);
  out['the metrics'] = await (await fetch(`http://${metrics}/metrics`)).text();
  await worker.stop();
  out['the log'] = worker.output();
  out['the spans'] = JSON.stringify(collector.spans);
  for (const entry of readdirSync(sessions.stateDir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && entry.name !== 'settings.json') out[path] = readFileSync(path, 'latin1');
  }

  // They were where secrets are at work.
  expect(out['the log']).toContain('Tool call done');
  expect(out['the spans']).toContain('gen_ai.tool.call.result');
  expect(out['the export as md']).toContain('env; cat');
  expect(findPlanted(out)).toEqual([]);
});

test('a start that fails says none', async () => {
  const start = (env: NodeJS.ProcessEnv) =>
    sessions.work(env).then(
      () => '',
      (error: Error) => error.message,
    );
  const servers = {
    stdio: {
      command: process.execPath,
      args: ['-e', 'console.error(process.env.TOKEN); process.exit(1)', '--', '--api-key', planted('argument')],
      env: { TOKEN: planted('mcp-environment') },
    },
    http: {
      url: `${echo.url}/mcp?token=${planted('mcp-address')}`,
      headers: { authorization: `Bearer ${planted('mcp-header')}` },
    },
  };
  const said = await Promise.all([
    start({ DEEP_RESEARCH_MCP_SERVERS: JSON.stringify({ mcpServers: servers }) }),
    start({ TEMPORAL_API_KEY: planted('temporal-key') }),
    start({
      LLM_SERVER_BASE_ENDPOINT_URL: `${echo.url}/?key=${planted('parameter')}`,
      LLM_SERVER_API_KEY: 'two\nlines',
    }),
    start({ DEEP_RESEARCH_ENCRYPTION_KEYS: `${planted('id')}:${planted('encryption-key')}` }),
    start({ SERPER_API_KEY: `${planted('serper')}\nsecond` }),
    start({ DEEP_RESEARCH_MCP_SERVERS: `{"mcpServers": {"a": {"command": 5, "env": {"K": "${planted('mcp')}"}}}}` }),
  ]);
  for (const sentence of said) expect(sentence).not.toBe('');
  expect(said.join('\n').replaceAll(planted('id'), '')).not.toContain(MARK);
});
