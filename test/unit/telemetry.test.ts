import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { observeModelCall } from '../../activities/inference/observe-call.ts';
import { redact } from '../../protocol/redact.ts';
import { secretFrom } from '../../store/secret-file.ts';
import { otlpExporter } from '../../telemetry/otlp.ts';
import { otlpSettings } from '../../telemetry/settings.ts';
import { formatTraceparent, parseTraceparent, sessionIds } from '../../telemetry/trace-context.ts';
import { type EndedSpan, inSpan, traceTo } from '../../telemetry/tracer.ts';
import { sessionTrace } from '../../worker/telemetry/session-trace.ts';
import { startCollector } from '../support/collector.ts';

afterEach(() => {
  traceTo(undefined);
  vi.unstubAllEnvs();
});

function spans(): EndedSpan[] {
  const ended: EndedSpan[] = [];
  traceTo({ add: (span) => ended.push(span), flush: async () => {} });
  return ended;
}

test("OpenTelemetry's variables name the collector", () => {
  const at = (env: Record<string, string>) => otlpSettings(env, 'worker', secretFrom);
  expect(at({})).toBeUndefined();
  expect(at({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/', OTEL_SDK_DISABLED: 'true' })).toBeUndefined();
  expect(at({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/', OTEL_TRACES_EXPORTER: 'none' })).toBeUndefined();
  expect(
    at({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://name:pass@c.test/otlp/',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b, y=2',
      OTEL_RESOURCE_ATTRIBUTES: 'team=one',
    }),
  ).toEqual({
    url: 'https://c.test/otlp/v1/traces',
    shown: 'https://c.test/otlp/v1/traces',
    headers: { 'x-key': 'a b', y: '2', authorization: `Basic ${btoa('name:pass')}` },
    resource: { 'service.name': 'deep-research-worker', team: 'one' },
  });
  expect(at({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c/as-it-is', OTEL_SERVICE_NAME: 's' })).toMatchObject({
    url: 'http://c/as-it-is',
    resource: { 'service.name': 's' },
  });
  expect(() => at({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' })).toThrow(
    /^OTEL_EXPORTER_OTLP_ENDPOINT: expected the http or https URL/,
  );
});

test("the collector's key may come in a file", () => {
  const file = join(mkdtempSync(join(tmpdir(), 'otlp-')), 'headers');
  writeFileSync(file, 'x-key=from a file\n');
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_EXPORTER_OTLP_HEADERS_FILE: file };
  expect(otlpSettings(env, 'worker', secretFrom)?.headers).toEqual({ 'x-key': 'from a file' });
  expect(redact('key: from a file')).not.toContain('from a file');
  expect(() => otlpSettings({ ...env, OTEL_EXPORTER_OTLP_HEADERS_FILE: `${file}-lost` }, 'worker', secretFrom)).toThrow(
    /^OTEL_EXPORTER_OTLP_HEADERS_FILE: the file .* cannot be read/,
  );
});

test('spans lie in each other, and what throws fails its own', async () => {
  const ended = spans();
  await inSpan('outer', {}, () =>
    inSpan('inner', { attributes: { a: 1 } }, async () => {
      throw Object.assign(new TypeError('broken'), { type: 'ModelUnavailable' });
    }).catch(() => {}),
  );
  const [inner, outer] = ended;
  expect(inner).toMatchObject({
    parent: outer?.context,
    error: 'broken',
    attributes: { 'error.type': 'ModelUnavailable' },
  });
  expect([outer?.parent, outer?.error]).toEqual([undefined, undefined]);
  expect(inner?.context.traceId).toBe(outer?.context.traceId);
});

test('messages stand in a span only where the variable asks for them', async () => {
  const ended = spans();
  const call = {
    endpoint: { name: 'e', url: 'http://u:p@m.test/v1?key=abc', model: 'm', format: 'azure', weight: 1, roles: [] },
    messages: [{ role: 'user', content: 'my question' }],
    model: {},
    tools: [],
    sessionId: 's',
    requestId: 'r',
    signal: new AbortController().signal,
    generated: { text: '', reasoning: '' },
  } as const;
  const reply = {
    text: 'my answer',
    usage: { prompt: 1, cached: 0, completion: 2 },
    finishReason: 'stop',
    firstTokenMs: 1,
    elapsedMs: 2,
    endpoint: 'e',
    model: 'm',
  };
  const observe = () => observeModelCall(call as never, { purpose: 'round', round: 1 }, async () => reply as never);
  await observe();
  expect(JSON.stringify(ended)).not.toMatch(/my |u:p|abc/);
  expect(ended[0]?.attributes).toMatchObject({ 'gen_ai.provider.name': 'azure.ai.openai', 'server.port': 80 });
  vi.stubEnv('OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT', 'true');
  await observe();
  expect(ended[1]?.attributes).toMatchObject({
    'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"my question"}]}]',
    'gen_ai.output.messages': '[{"role":"assistant","parts":[{"type":"text","content":"my answer"}]}]',
  });
});

test('a collector that is busy is asked again, and one that is away is told of once', async () => {
  const collector = await startCollector({ refuse: 1 });
  const problems: string[] = [];
  const settings = otlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, 'worker', secretFrom)!;
  const exporter = otlpExporter(settings, (sentence) => problems.push(sentence));
  traceTo(exporter);
  await inSpan('one', { kind: 'client', attributes: { list: ['a'], half: 0.5, yes: true } }, async () => {});
  await exporter.flush();
  expect(collector.spans).toMatchObject([{ name: 'one', kind: 3, attributes: { list: ['a'], half: 0.5, yes: true } }]);
  expect(problems).toEqual([]);
  await collector.close();
  for (const name of ['two', 'three']) {
    await inSpan(name, {}, async () => {});
    await exporter.flush();
  }
  expect(problems).toEqual([`1 spans could not be sent to ${collector.url}/v1/traces: ECONNREFUSED`]);
});

test('a run that continues another belongs to the trace of the first', async () => {
  const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true };
  const carrier = Buffer.from(JSON.stringify({ traceparent: formatTraceparent(parent) }));
  const header = { fields: { '_tracer-data': { metadata: { encoding: Buffer.from('json/plain') }, data: carrier } } };
  const asked: string[] = [];
  const service = {
    async getWorkflowExecutionHistory({ execution: { runId } }: { execution: { runId: string } }) {
      asked.push(runId);
      const started = { firstExecutionRunId: 'first', ...(runId === 'first' ? { header } : {}) };
      return { history: { events: [{ workflowExecutionStartedEventAttributes: started }] } };
    },
  };
  const of = (runId: string) =>
    sessionTrace({ workflowService: service }, { namespace: 'n', workflowExecution: { workflowId: 'w', runId } });
  const trace = { traceId: parent.traceId, spanId: sessionIds('first').spanId, sampled: true, parent };
  expect(await of('second')).toEqual(trace);
  expect(await of('second')).toEqual(trace);
  expect(await of('first')).toEqual(trace);
  expect(asked).toEqual(['second', 'first', 'first']);
  expect(parseTraceparent('00-nonsense')).toBeUndefined();
});
