import type { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { log } from '../../activities/log.ts';
import { count } from '../../telemetry/metrics.ts';
import { below, capturesContent, inSpan, isTracing, type Span } from '../../telemetry/tracer.ts';
import { callOf } from './call-of.ts';
import { sessionTrace } from './session-trace.ts';

/** Gives each activity its place in the session's trace; tool calls are spans, in the metrics and in the log. */
export const observedActivities: ActivityInterceptorsFactory = (context) => ({
  inbound: {
    async execute(input, next) {
      const { call } = callOf(input.args[0]);
      const trace = isTracing() ? await sessionTrace(context.client, context.info) : undefined;
      return below(trace, () => {
        // Model calls are spans of their own, with what only they know.
        if (context.info.activityType === 'infer') return next(input);
        return call === undefined
          ? inSpan(context.info.activityType, { attributes: placeOf(context) }, () => next(input))
          : observedTool(context, call, input.args[0], () => next(input));
      });
    },
  },
});

function observedTool(context: Context, call: string, input: unknown, work: () => Promise<unknown>): Promise<unknown> {
  const { activityType: tool } = context.info;
  const attributes = {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': tool,
    'gen_ai.tool.type': 'function',
    'gen_ai.tool.call.id': call,
    ...placeOf(context),
    ...(capturesContent() ? { 'gen_ai.tool.call.arguments': textOf(input, 'arguments') } : {}),
  };
  return inSpan(`execute_tool ${tool}`, { attributes }, async (span) => {
    const startedAt = performance.now();
    const ended = (outcome: string) => {
      const seconds = (performance.now() - startedAt) / 1000;
      count.toolCall({ tool, outcome, seconds });
      log.info('Tool call done', { outcome, seconds: Math.round(seconds * 1000) / 1000 });
    };
    try {
      const output = await work();
      if (capturesContent()) span.set({ 'gen_ai.tool.call.result': textOf(output, 'text') });
      const failed = (output as { failed?: boolean } | null)?.failed === true;
      if (failed) span.fail('tool_failed', 'The model was told that the call failed.');
      ended(failed ? 'failed' : 'done');
      return output;
    } catch (error) {
      ended(faultOf(error, context, span));
      throw error;
    }
  });
}

/** The activity is tried again, or was stopped. */
function faultOf(error: unknown, { cancellationSignal }: Context, span: Span): string {
  if (!cancellationSignal.aborted) return 'fault';
  span.fail('stopped', error instanceof Error ? error.message : String(error));
  return 'stopped';
}

const placeOf = ({ info }: Context) => ({
  'gen_ai.conversation.id': info.workflowExecution?.workflowId,
  'deep_research.attempt': info.attempt,
  // As Temporal's own interceptors name them.
  temporalRunId: info.workflowExecution?.runId,
  temporalActivityId: info.activityId,
});

function textOf(value: unknown, field: string): string | undefined {
  const part = (value as Record<string, unknown> | null)?.[field];
  return typeof part === 'string' || part === undefined ? part : JSON.stringify(part);
}
