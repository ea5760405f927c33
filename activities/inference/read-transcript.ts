import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { InferenceView, InferInput } from '../../protocol/activities.ts';
import { FAILURE, QUERY } from '../../protocol/names.ts';
import { type Remembered, recall, remember } from './transcript-cache.ts';

/**
 * The messages of a model call. A workflow in this process has handed them over; those it has not are read from it by
 * query, which history does not record.
 */
export async function readTranscript(input: InferInput): Promise<InferenceView> {
  const known = recall(execution().runId, input.segment);
  const handed = wanted(input, known);
  if (handed) return handed;
  if (known && known.digests.length < input.messages) {
    const grown = wanted(input, await query(input, known.digests.length));
    if (grown) return grown;
  }
  // A digest that differs: what is remembered never came to be, for a workflow task was lost on its way.
  const whole = wanted(input, await query(input, 0));
  if (!whole) throw unavailable('The workflow gave other messages than those it asked to send.');
  return whole;
}

/** The messages asked for, where these are they. */
function wanted({ messages: count, digest }: InferInput, read: Remembered | undefined): InferenceView | undefined {
  const has = read?.digests[count - 1];
  // Inputs that older workers wrote have no digest.
  if (!read || has === undefined || (digest !== undefined && has !== digest)) return undefined;
  return { ...read.view, messages: read.view.messages.slice(0, count) };
}

/** Asks the workflow for its messages from `from` on, page by page. */
async function query({ segment, messages: count }: InferInput, from: number): Promise<Remembered> {
  const { workflowId, runId } = execution();
  const handle = Context.current().client.workflow.getHandle(workflowId, runId);
  for (let since = from; ; ) {
    const view = await handle.query<InferenceView, [number, number]>(QUERY.inference, since, count);
    const read = view.messages.length > 0 ? remember(runId, segment, since, view) : undefined;
    if (!read) throw unavailable(`The workflow gave ${since} of ${count} messages.`);
    since = read.digests.length;
    if (since >= count) return read;
  }
}

function execution(): { workflowId: string; runId: string } {
  const { workflowExecution } = Context.current().info;
  if (!workflowExecution) throw new Error('infer runs only as an activity of a workflow');
  return workflowExecution;
}

const unavailable = (message: string) => ApplicationFailure.retryable(message, FAILURE.transcriptUnavailable);
