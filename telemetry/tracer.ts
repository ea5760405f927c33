import { AsyncLocalStorage } from 'node:async_hooks';
import { redact } from '../protocol/redact.ts';
import { newSpanId, newTraceId, type SpanContext } from './trace-context.ts';

export type Attribute = string | number | boolean | string[];
export type Attributes = Record<string, Attribute | undefined>;
export type SpanKind = 'internal' | 'client' | 'producer';

/** A span that has ended. Times are epoch milliseconds. */
export interface EndedSpan {
  context: SpanContext;
  parent?: SpanContext;
  name: string;
  kind: SpanKind;
  startedAt: number;
  endedAt: number;
  attributes: Attributes;
  /** Why what it tells of failed. */
  error?: string;
}

/** Takes spans, and sends them off. */
export interface SpanExporter {
  add(span: EndedSpan): void;
  /** Sends what there is; never rejects. */
  flush(): Promise<void>;
}

/** A span at work. */
export interface Span {
  context: SpanContext;
  set(attributes: Attributes): void;
  /** `type`: a word for the kind of failure. */
  fail(type: string, message: string): void;
}

export interface SpanOptions {
  kind?: SpanKind;
  attributes?: Attributes;
  /** Default: the span around it. */
  parent?: SpanContext;
}

let exporter: SpanExporter | undefined;
const around = new AsyncLocalStorage<SpanContext>();

/** From here on spans are made; without it `inSpan` only runs its work. */
export function traceTo(to: SpanExporter | undefined): void {
  exporter = to;
}

export const isTracing = (): boolean => exporter !== undefined;

/** The span around this code. */
export const currentSpan = (): SpanContext | undefined => around.getStore();

/**
 * Whether prompts, replies, arguments and results are to stand in attributes: the convention's own variable says so, and
 * spans are made: else a whole transcript would be written out for nobody, for each call.
 */
export const capturesContent = (): boolean =>
  isTracing() &&
  /^(true|1|span_only|span_and_event)$/i.test(process.env.OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT ?? '');

const NONE: Span = { context: { traceId: '', spanId: '', sampled: false }, set() {}, fail() {} };

/** Runs work with its spans below `parent`. */
export const below = <T>(parent: SpanContext | undefined, work: () => T): T =>
  parent ? around.run(parent, work) : work();

/** Runs work as a span. What it throws makes the span a failed one. */
export async function inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  const parent = options.parent ?? currentSpan();
  if (!exporter) return work(NONE);
  const context: SpanContext = {
    traceId: parent?.traceId ?? newTraceId(),
    spanId: newSpanId(),
    sampled: parent?.sampled ?? true,
  };
  const { kind = 'internal', attributes = {} } = options;
  const ended: EndedSpan = {
    context,
    parent,
    name,
    kind,
    startedAt: Date.now(),
    endedAt: 0,
    attributes: { ...attributes },
  };
  const span: Span = {
    context,
    set: (more) => void Object.assign(ended.attributes, more),
    fail(type, message) {
      ended.attributes['error.type'] = type;
      ended.error = message;
    },
  };
  try {
    return await around.run(context, () => work(span));
  } catch (error) {
    if (ended.error === undefined) span.fail(kindOf(error), error instanceof Error ? error.message : String(error));
    throw error;
  } finally {
    ended.endedAt = Date.now();
    record(ended);
  }
}

/** Hands a span on that was made elsewhere, such as a session's when it has ended. */
export function record(span: EndedSpan): void {
  if (!span.context.sampled) return;
  exporter?.add(span.error === undefined ? span : { ...span, error: redact(span.error) });
}

export const flushSpans = async (): Promise<void> => exporter?.flush();

function kindOf(error: unknown): string {
  const { type, name } = (error ?? {}) as { type?: unknown; name?: unknown };
  return typeof type === 'string' && type ? type : typeof name === 'string' ? name : 'Error';
}
