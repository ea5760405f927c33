import type { WorkflowInfo } from '@temporalio/workflow';
import { count } from '../../telemetry/metrics.ts';
import { isTracing, record } from '../../telemetry/tracer.ts';
import type { EndedSession } from '../../workflows/temporal-runtime.ts';
import { type HistoryService, sessionTrace } from './session-trace.ts';

let service: HistoryService | undefined;

/** Who is asked how sessions were started. */
export function askForTraces(given: object): void {
  service = given as HistoryService;
}

/** A session has ended: its span, whose id its model and tool calls have named all along, and its metric. */
export async function sessionEnded(info: WorkflowInfo, ended: EndedSession): Promise<void> {
  const { outcome, failed, startedAt, model, rounds, usage } = ended;
  count.sessionEnded(outcome);
  if (!isTracing()) return;
  const endedAt = Date.now();
  const { workflowId, runId, namespace } = info;
  const client = service && { workflowService: service };
  const trace = await sessionTrace(client, { namespace, workflowExecution: { workflowId, runId } });
  if (!trace) return;
  const { parent, ...context } = trace;
  record({
    context,
    parent,
    name: 'invoke_agent deep-research',
    kind: 'internal',
    startedAt,
    endedAt,
    attributes: {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'deep-research',
      'gen_ai.conversation.id': workflowId,
      'gen_ai.request.model': model || undefined,
      'gen_ai.usage.input_tokens': usage.prompt,
      'gen_ai.usage.output_tokens': usage.completion,
      'gen_ai.usage.cache_read.input_tokens': usage.cached,
      'deep_research.rounds': rounds,
      'deep_research.outcome': outcome,
      temporalWorkflowId: workflowId,
      temporalRunId: runId,
      ...(failed ? { 'error.type': outcome } : {}),
    },
    ...(failed ? { error: 'The session failed; its history says why.' } : {}),
  });
}
