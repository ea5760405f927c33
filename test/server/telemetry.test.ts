import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectDeepResearch } from '../../client/index.ts';
import { traceTo } from '../../telemetry/tracer.ts';
import { type Collector, type ReceivedSpan, startCollector } from '../support/collector.ts';
import { checkConfiguration, checkMetrics, type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { eventually, openSessions, played, type Sessions, START_LIMIT_MS, statusOf } from '../support/sessions.ts';

let sessions: Sessions;
let collector: Collector;
let prometheus: Prometheus;
let metricsAddress: string;
let log: () => string;

const DASHBOARD = 'deploy/grafana/dashboards/deep-research.json';
const QUESTION = 'Whose ZEBRAQUESTION is it?';
const traced = `traced-${randomUUID()}`;

beforeAll(async () => {
  sessions = await openSessions();
  collector = await startCollector();
  metricsAddress = `127.0.0.1:${await freePort()}`;
  prometheus = await startPrometheus([metricsAddress], await freePort());
  const worker = await sessions.work({
    DEEP_RESEARCH_METRICS_ADDRESS: metricsAddress,
    DEEP_RESEARCH_LOG_LEVEL: 'info',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test',
  });
  log = worker.output;
  await using client = await connectDeepResearch({
    address: sessions.address,
    taskQueue: sessions.taskQueue,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, DEEP_RESEARCH_STATE_DIR: sessions.stateDir },
  });
  const input = { ...played({ rounds: 2, answer: 'ZEBRAANSWER' }, { tools: ['bash'] }), question: QUESTION };
  const session = await client.start(input, { id: traced });
  await session.result();
}, START_LIMIT_MS);

afterAll(async () => {
  traceTo(undefined);
  await prometheus?.close();
  await sessions?.close();
  await collector?.close();
});

/** Of a port that is free now. */
const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

describe('the trace of a session', () => {
  const spansOf = (name: RegExp) => collector.spans.filter((span) => name.test(span.name));
  const one = (name: RegExp) => spansOf(name)[0] as ReceivedSpan;

  beforeAll(() => eventually('the session has its span', () => one(/^invoke_agent/), 30_000));

  test('leads from its start by a client over the session to each model call and tool call', async () => {
    const [start, session] = [one(/^StartWorkflow:deepResearch$/), one(/^invoke_agent/)];
    expect(start.parentSpanId).toBeUndefined();
    expect([start.service, session.service]).toEqual(['deep-research-client', 'deep-research-worker']);
    expect(session.parentSpanId).toBe(start.spanId);
    const calls = [...spansOf(/^chat /), ...spansOf(/^execute_tool bash$/)];
    expect(calls.map(({ name }) => name.split(' ')[0]).sort()).toEqual([
      'chat',
      'chat',
      'chat',
      'execute_tool',
      'execute_tool',
    ]);
    for (const { parentSpanId } of [...calls, one(/^prepare$/)]) expect(parentSpanId).toBe(session.spanId);
    expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(BigInt(session.endTimeUnixNano)).toBeGreaterThan(BigInt(session.startTimeUnixNano));
  });

  test("speaks in the conventions' words", () => {
    expect(one(/^chat /)).toMatchObject({
      kind: 3,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'vllm',
        'gen_ai.request.model': 'rehearsal',
        'gen_ai.response.model': 'rehearsal',
        'gen_ai.conversation.id': traced,
        'gen_ai.usage.input_tokens': expect.any(Number),
        'gen_ai.usage.output_tokens': expect.any(Number),
        'gen_ai.usage.cache_read.input_tokens': expect.any(Number),
        'gen_ai.response.finish_reasons': ['stop'],
        'gen_ai.request.seed': 7,
        'server.address': '127.0.0.1',
      },
      status: {},
    });
    expect(one(/^execute_tool/).attributes).toMatchObject({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'bash',
      'gen_ai.tool.type': 'function',
      'gen_ai.tool.call.id': 'r1c1',
      'gen_ai.conversation.id': traced,
    });
    expect(one(/^invoke_agent/).attributes).toMatchObject({
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'deep-research',
      'deep_research.rounds': 3,
      'deep_research.outcome': 'no_tool_calls',
    });
  });

  test('tells nothing of what was asked, thought, run and answered', () => {
    expect(collector.raw()).not.toMatch(/zebraquestion|zebraanswer|echo round/i);
  });
});

describe('metrics', () => {
  beforeAll(async () => {
    sessions.model.faults.add({ kind: 'status', status: 400, match: { nth: 2 } } as never);
    const session = await sessions.start(played({ rounds: 2 }, { tools: ['bash'] }));
    await eventually('the session holds', async () => (await statusOf(session)).state === 'holding', 60_000);
    await session.executeUpdate('resume');
    await session.result();
  });

  const sample = async (query: string) => (await prometheus.query(query))[0]?.value ?? 0;

  test('are had by Prometheus: calls, tokens, times, failures, holds, sessions', async () => {
    const ended = 'sum(deep_research_sessions_ended_total{outcome="no_tool_calls"})';
    // Prometheus has them a moment after the worker, not all in one.
    await eventually(
      'all of them are there',
      async () => {
        expect(await sample(ended)).toBe(2);
        expect(await sample('deep_research_holds_total')).toBe(1);
        expect(
          await sample('sum(deep_research_model_calls_total{outcome="ok",purpose="round"})'),
        ).toBeGreaterThanOrEqual(5);
        expect(await sample('deep_research_model_calls_total{outcome="ModelRejected"}')).toBe(1);
        for (const kind of ['prompt', 'cached', 'completion']) {
          expect(await sample(`sum(deep_research_tokens_total{kind="${kind}"})`), kind).toBeGreaterThan(0);
        }
        expect(await sample('deep_research_rounds_total')).toBeGreaterThanOrEqual(5);
        expect(await sample('deep_research_tool_calls_total{tool="bash",outcome="done"}')).toBeGreaterThanOrEqual(3);
        expect(
          await sample('histogram_quantile(0.9, sum by (le) (deep_research_model_call_seconds_bucket))'),
        ).toBeGreaterThan(0);
        expect(await sample('sum(deep_research_tool_call_seconds_count)')).toBeGreaterThanOrEqual(3);
        expect((await prometheus.query('deep_research_sessions')).length).toBeGreaterThan(0);
        // Temporal's own, from the same address.
        expect(await sample('sum(temporal_workflow_completed_total)')).toBeGreaterThanOrEqual(2);
        return true;
      },
      30_000,
    );
  });

  test("are what the dashboard's questions are about", async () => {
    const { panels } = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as {
      panels: { title: string; targets: { expr: string }[] }[];
    };
    // Nothing of theirs has happened here.
    const silent = new Set([
      'Tool calls that failed a second',
      'Containers of sessions',
      'Look-ups answered from the cache',
      'Rows of batches a minute',
    ]);
    for (const { title, targets } of panels) {
      for (const { expr } of targets) {
        const query = expr.replaceAll('$__rate_interval', '2m');
        await eventually(
          `${title}: ${query}`,
          async () => (await prometheus.query(query)).length > 0 !== silent.has(title),
          30_000,
        );
      }
    }
  });

  test('are named as Prometheus would have them', async () => {
    const page = await (await fetch(`http://${metricsAddress}/metrics`)).text();
    const ours = page
      .split('\n')
      .filter((line) => /^(# \w+ )?deep_research_/.test(line))
      .join('\n');
    expect(await checkMetrics(`${ours}\n`)).toBe('');
    expect(page).not.toMatch(/zebra/i);
  });
});

test("Prometheus takes the deployment's configuration", async () => {
  expect(await checkConfiguration('deploy/prometheus/prometheus.yml')).toContain('SUCCESS');
});

test('the log has a record for each call, with its session, round and call', () => {
  const records = log()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const calls = records.filter(({ message, workflowId }) => message === 'Tool call done' && workflowId === traced);
  expect(calls.map(({ round, call, activity, outcome }) => [round, call, activity, outcome])).toEqual([
    [1, 'r1c1', 'bash', 'done'],
    [2, 'r2c1', 'bash', 'done'],
  ]);
  const model = records.find(({ message, workflowId }) => message === 'Model call done' && workflowId === traced);
  expect(model).toMatchObject({ level: 'info', round: 1, activity: 'infer', endpoint: 'default', purpose: 'round' });
  expect(model.prompt).toBeGreaterThan(0);
  expect(log()).not.toMatch(/zebraquestion|zebraanswer/i);
});
