import { createHash, randomBytes } from 'node:crypto';

/** Where a span belongs: W3C's trace context. */
export interface SpanContext {
  /** 32 hex digits. */
  traceId: string;
  /** 16 hex digits. */
  spanId: string;
  sampled: boolean;
}

/** The header in which Temporal's own OpenTelemetry interceptors of all languages carry a trace. */
export const TRACE_HEADER = '_tracer-data';

export const formatTraceparent = ({ traceId, spanId, sampled }: SpanContext): string =>
  `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;

export function parseTraceparent(text: unknown): SpanContext | undefined {
  const [, traceId, spanId, flags] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(typeof text === 'string' ? text : '') ?? [];
  if (!traceId || !spanId || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags ?? '00', 16) & 1) === 1 };
}

export const newTraceId = (): string => randomBytes(16).toString('hex');
export const newSpanId = (): string => randomBytes(8).toString('hex');

/**
 * The ids of a session's own trace and span by its first run, so that every process knows them and nothing has to carry
 * them.
 */
export const sessionIds = (firstRunId: string): { traceId: string; spanId: string } => {
  const digest = createHash('sha256').update(`deep-research ${firstRunId}`).digest('hex');
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48) };
};
