import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { parseTraceparent, type SpanContext, sessionIds, TRACE_HEADER } from '../../telemetry/trace-context.ts';

/** As a session's span is known to all: with the span that started it, where there was one. */
export interface SessionTrace extends SpanContext {
  parent?: SpanContext;
}

/** What is asked of Temporal: the first event of a run. */
export interface HistoryService {
  getWorkflowExecutionHistory(request: {
    namespace: string;
    execution: { workflowId: string; runId: string };
    maximumPageSize: number;
  }): Promise<{
    history?: {
      events?:
        | {
            workflowExecutionStartedEventAttributes?: {
              firstExecutionRunId?: string | null;
              header?: { fields?: Record<string, Payload> | null } | null;
            } | null;
          }[]
        | null;
    } | null;
  }>;
}

interface Place {
  namespace: string;
  workflowExecution?: { workflowId: string; runId: string };
}

const MOST_KNOWN = 2_000;
const known = new Map<string, Promise<SessionTrace>>();

/**
 * The trace of an activity's session. Nothing carries it from activity to activity, which would cost history: the
 * server is asked once for how the session was started.
 */
export function sessionTrace(
  client: { workflowService: object } | undefined,
  { namespace, workflowExecution }: Place,
): Promise<SessionTrace> | undefined {
  if (!workflowExecution) return undefined;
  const { runId } = workflowExecution;
  const before = known.get(runId);
  if (before) return before;
  const found = traceOf(client?.workflowService as HistoryService | undefined, namespace, workflowExecution).catch(
    () => {
      // It is asked again with the next activity.
      known.delete(runId);
      return { ...sessionIds(runId), sampled: true };
    },
  );
  known.set(runId, found);
  if (known.size > MOST_KNOWN) known.delete(known.keys().next().value as string);
  return found;
}

async function traceOf(
  service: HistoryService | undefined,
  namespace: string,
  execution: { workflowId: string; runId: string },
): Promise<SessionTrace> {
  const startOf = async (runId: string) => {
    const asked = { namespace, execution: { ...execution, runId }, maximumPageSize: 1 };
    const events = (await service?.getWorkflowExecutionHistory(asked))?.history?.events;
    return events?.[0]?.workflowExecutionStartedEventAttributes;
  };
  const started = await startOf(execution.runId);
  const first = started?.firstExecutionRunId || execution.runId;
  // What a session was started with is known to its first run alone.
  const begun = first === execution.runId ? started : await startOf(first).catch(() => undefined);
  const ids = sessionIds(first);
  const parent = parentIn(begun?.header?.fields?.[TRACE_HEADER]);
  if (!parent) return { ...ids, sampled: true };
  return { traceId: parent.traceId, spanId: ids.spanId, sampled: parent.sampled, parent };
}

function parentIn(payload: Payload | undefined): SpanContext | undefined {
  if (!payload) return undefined;
  try {
    const carrier = defaultPayloadConverter.fromPayload<{ traceparent?: unknown } | null>(payload);
    return parseTraceparent(carrier?.traceparent);
  } catch {
    return undefined;
  }
}
