import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from './listen.ts';

/** A span as it came, its attributes as an object. */
export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Record<string, unknown>;
  status: { code?: number; message?: string };
  /** `service.name` of its sender. */
  service: unknown;
}

export interface Collector {
  url: string;
  spans: ReceivedSpan[];
  /** Bodies and headers of all requests as they came. */
  raw(): string;
  close(): Promise<void>;
}

interface KeyValue {
  key: string;
  value: Record<string, unknown>;
}

/** A collector: takes OTLP over HTTP as JSON at `/v1/traces`, and refuses what is not of its form. */
export async function startCollector({ refuse = 0 } = {}): Promise<Collector> {
  const spans: ReceivedSpan[] = [];
  let raw = '';
  let refusals = refuse;
  const server = createServer(async (request, response) => {
    const body = await text(request);
    raw += `${JSON.stringify(request.headers)}\n${body}\n`;
    if (refusals > 0) {
      refusals -= 1;
      response.writeHead(503).end();
      return;
    }
    if (request.url !== '/v1/traces' || request.headers['content-type'] !== 'application/json') {
      response.writeHead(400).end();
      return;
    }
    for (const { resource, scopeSpans } of JSON.parse(body).resourceSpans) {
      const service = attributesIn(resource.attributes)['service.name'];
      for (const scope of scopeSpans) {
        for (const span of scope.spans) {
          spans.push({ ...span, attributes: attributesIn(span.attributes), service });
        }
      }
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  const { url, close } = await listen(server);
  return { url, spans, raw: () => raw, close };
}

const attributesIn = (list: KeyValue[]): Record<string, unknown> =>
  Object.fromEntries(list.map(({ key, value }) => [key, valueIn(value)]));

function valueIn(value: Record<string, unknown>): unknown {
  if (value.arrayValue) return (value.arrayValue as { values: Record<string, unknown>[] }).values.map(valueIn);
  if (value.intValue !== undefined) return Number(value.intValue);
  return value.stringValue ?? value.doubleValue ?? value.boolValue;
}
