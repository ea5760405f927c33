import type { ClientInterceptors, WorkflowClientInterceptor, WorkflowStartInput } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { WORKFLOW } from '../protocol/names.ts';
import { secretFrom } from '../store/secret-file.ts';
import { otlpExporter } from '../telemetry/otlp.ts';
import { otlpSettings } from '../telemetry/settings.ts';
import { formatTraceparent, TRACE_HEADER } from '../telemetry/trace-context.ts';
import { inSpan, isTracing, traceTo } from '../telemetry/tracer.ts';
import { InvalidInput } from './errors.ts';

/** The interceptors, with one that makes the start of a session or batch a span, where OpenTelemetry's variables name a collector. */
export function tracedStarts(
  given: ClientInterceptors | undefined,
  env: Record<string, string | undefined>,
): ClientInterceptors | undefined {
  try {
    const settings = otlpSettings(env, 'client', secretFrom);
    if (!settings) return given;
    // A worker in this process has one already.
    if (!isTracing()) traceTo(otlpExporter(settings, console.warn));
  } catch (error) {
    throw new InvalidInput((error as Error).message);
  }
  const others = Array.isArray(given?.workflow) ? given.workflow : [];
  return { ...given, workflow: [...others, starts] };
}

const starts: WorkflowClientInterceptor = {
  startWithDetails(input, next) {
    // Somebody else's trace goes on.
    if (input.headers[TRACE_HEADER] || !isTraced(input)) return next(input);
    const { workflowId } = input.options;
    const attributes = {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'deep-research',
      'gen_ai.conversation.id': workflowId,
      temporalWorkflowId: workflowId,
    };
    return inSpan(`StartWorkflow:${input.workflowType}`, { kind: 'client', attributes }, ({ context }) => {
      const carrier = defaultPayloadConverter.toPayload({ traceparent: formatTraceparent(context) });
      return next({ ...input, headers: { ...input.headers, ...(carrier ? { [TRACE_HEADER]: carrier } : {}) } });
    });
  },
};

const isTraced = ({ workflowType }: WorkflowStartInput): boolean =>
  workflowType === WORKFLOW.session || workflowType === WORKFLOW.batch;
