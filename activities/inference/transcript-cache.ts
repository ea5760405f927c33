import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { InferenceView, InferInput } from '../../protocol/activities.ts';
import type { Message } from '../../protocol/messages.ts';
import { FAILURE, QUERY } from '../../protocol/names.ts';

/** Sessions whose messages this process remembers; the least recently used go first. */
const MOST_SESSIONS = 500;

const remembered = new Map<string, Message[]>();

/** The messages of a model call, read from its own workflow; only those this process has not seen yet are sent. */
export async function readTranscript(input: InferInput): Promise<InferenceView> {
  const { info, client } = Context.current();
  const { workflowId, runId } = info.workflowExecution ?? {};
  if (!workflowId) throw new Error('infer runs only as an activity of a workflow');
  const key = `${runId}/${input.segment}`;
  const messages = (remembered.get(key) ?? []).slice(0, input.messages);
  const handle = client.workflow.getHandle(workflowId, runId);
  let view: InferenceView;
  do {
    view = await handle.query<InferenceView, [number, number]>(QUERY.inference, messages.length, input.messages);
    if (view.messages.length === 0 && messages.length < input.messages) {
      throw ApplicationFailure.retryable(
        `The workflow gave ${messages.length} of ${input.messages} messages.`,
        FAILURE.transcriptUnavailable,
      );
    }
    messages.push(...view.messages);
  } while (messages.length < input.messages);
  remembered.delete(key);
  remembered.set(key, messages);
  const oldest = remembered.keys().next();
  if (remembered.size > MOST_SESSIONS && !oldest.done) remembered.delete(oldest.value);
  return { ...view, messages };
}
