import type { ModelRequest, RawReply } from '../adapter.ts';
import { mendLimit } from './mend-limit.ts';
import type { Fields } from './post-stream.ts';
import { chatMessages, samplingOf } from './request-fields.ts';
import { restoreThink } from './restore-think.ts';
import { streamReply } from './stream-reply.ts';

/** One streamed chat completion of a model that writes its calls into the text. */
export async function chatCompletions(call: ModelRequest): Promise<RawReply> {
  const reply = await mendLimit(requestBody(call), (body) => streamReply(call, 'chat/completions', body));
  return { ...reply, text: restoreThink(call.generated) };
}

/** `extraBody` comes last: whatever the caller wants to tell the server wins. */
const requestBody = ({ messages, model }: ModelRequest): Fields => ({
  messages: chatMessages(messages),
  ...samplingOf(model),
  ...(model.maxTokens === undefined ? {} : { max_tokens: model.maxTokens }),
  ...model.extraBody,
});
