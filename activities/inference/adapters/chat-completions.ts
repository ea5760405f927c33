import { ApplicationFailure } from '@temporalio/common';
import { FAILURE } from '../../../protocol/names.ts';
import type { ModelRequest, RawReply } from '../adapter.ts';
import { chatMessages, samplingOf } from './request-fields.ts';
import { restoreThink } from './restore-think.ts';
import { streamReply } from './stream-reply.ts';

/** One streamed chat completion. */
export async function chatCompletions(call: ModelRequest): Promise<RawReply> {
  const body = requestBody(call);
  const reply = await streamReply(call, 'chat/completions', body).catch((error) => {
    const { max_tokens, max_completion_tokens, ...unlimited } = body;
    if ((max_tokens ?? max_completion_tokens) === undefined || !aboutLength(error)) throw error;
    // A limit beyond what is left is a request to mend: without it the reply ends where the context does.
    return streamReply(call, 'chat/completions', unlimited);
  });
  return { ...reply, text: restoreThink(call.generated) };
}

/** `extraBody` comes last: whatever the caller wants to tell the server wins. */
const requestBody = ({ messages, model }: ModelRequest): Record<string, unknown> => ({
  messages: chatMessages(messages),
  ...samplingOf(model),
  ...(model.maxTokens === undefined ? {} : { max_tokens: model.maxTokens }),
  ...model.extraBody,
});

const aboutLength = (error: unknown): boolean =>
  error instanceof ApplicationFailure &&
  (error.type === FAILURE.contextOverflow ||
    (error.type === FAILURE.modelRejected && /max_(completion_)?tokens/.test(error.message)));
