import { setTimeout as sleep } from 'node:timers/promises';
import type { OtlpSettings } from './settings.ts';
import type { Attribute, EndedSpan, SpanExporter } from './tracer.ts';

const EVERY_MS = 1_000;
const MOST_IN_REQUEST = 512;
/** A collector that is away costs spans, not memory. */
const MOST_WAITING = 8_192;
const LIMIT_MS = 10_000;
const RETRY_AFTER_MS = [500, 2_000];
const RETRYABLE = new Set([429, 502, 503, 504]);
const PROBLEM_EVERY_MS = 60_000;

/** Sends spans to a collector: OTLP over HTTP, as JSON. `onProblem` is told once a minute what is lost, and why. */
export function otlpExporter(settings: OtlpSettings, onProblem: (sentence: string) => void): SpanExporter {
  const waiting: EndedSpan[] = [];
  let lost = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  let sending: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const lose = (count: number, why: string) => {
    lost += count;
    if (Date.now() - toldAt < PROBLEM_EVERY_MS) return;
    toldAt = Date.now();
    onProblem(`${lost} spans could not be sent to ${settings.shown}: ${why}`);
    lost = 0;
  };
  const sendAll = async () => {
    while (waiting.length > 0) {
      const spans = waiting.splice(0, MOST_IN_REQUEST);
      const why = await send(settings, spans);
      if (why !== undefined) lose(spans.length, why);
    }
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    sending ??= sendAll().finally(() => {
      sending = undefined;
    });
    return sending;
  };
  return {
    add(span) {
      if (waiting.length >= MOST_WAITING) return lose(1, 'too many wait');
      waiting.push(span);
      timer ??= setTimeout(flush, EVERY_MS).unref();
    },
    flush,
  };
}

/** Resolves to why it could not be sent, or to undefined. */
async function send({ url, headers, resource }: OtlpSettings, spans: EndedSpan[]): Promise<string | undefined> {
  const body = JSON.stringify(requestOf(resource, spans));
  for (let attempt = 0; ; attempt += 1) {
    const pause = RETRY_AFTER_MS[attempt];
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        signal: AbortSignal.timeout(LIMIT_MS),
      });
      await response.arrayBuffer();
      if (response.ok) return undefined;
      if (!RETRYABLE.has(response.status) || pause === undefined) return `it answered ${response.status}`;
    } catch (error) {
      const { name, cause } = error as { name?: string; cause?: { code?: string } };
      if (pause === undefined) return cause?.code ?? name ?? 'no connection';
    }
    await sleep(pause);
  }
}

const KINDS = { internal: 1, client: 3, producer: 4 } as const;
const FAILED = 2;

/** `ExportTraceServiceRequest` in OTLP's JSON: ids in hex, times in nanoseconds as text. */
const requestOf = (resource: Record<string, string>, spans: EndedSpan[]) => ({
  resourceSpans: [
    {
      resource: { attributes: attributesOf(resource) },
      scopeSpans: [{ scope: { name: 'temporal-deep-research' }, spans: spans.map(spanOf) }],
    },
  ],
});

const spanOf = ({ context, parent, name, kind, startedAt, endedAt, attributes, error }: EndedSpan) => ({
  traceId: context.traceId,
  spanId: context.spanId,
  ...(parent ? { parentSpanId: parent.spanId } : {}),
  name,
  kind: KINDS[kind],
  startTimeUnixNano: nanos(startedAt),
  endTimeUnixNano: nanos(endedAt),
  attributes: attributesOf(attributes),
  status: error === undefined ? {} : { code: FAILED, message: error },
});

const nanos = (ms: number): string => String(BigInt(Math.round(ms)) * 1_000_000n);

const attributesOf = (attributes: Record<string, Attribute | undefined>) =>
  Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : { key, value: otlpValue(value) }));

function otlpValue(value: Attribute): object {
  if (Array.isArray(value)) return { arrayValue: { values: value.map(otlpValue) } };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
