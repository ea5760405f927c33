import { z } from 'zod';
import type { Context } from './context.ts';
import type { Chunk } from './engine.ts';
import {
  checkModel,
  commonFields,
  type GenerationRequest,
  generationRequest,
  parseBody,
} from './generation-request.ts';
import type { ReplyFormat } from './reply-format.ts';
import { type ChatMessage, render } from './template.ts';
import { encode } from './tokenizer.ts';

const messageFields = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))]).nullish(),
  reasoning: z.string().nullish(),
  reasoning_content: z.string().nullish(),
});

/** The conversation of a body, as chat completions and `/tokenize` take it. */
export const conversationFields = {
  messages: z.array(messageFields).min(1),
  add_generation_prompt: z.boolean().nullish(),
  continue_final_message: z.boolean().nullish(),
};

const chatBody = z.looseObject({ ...commonFields, ...conversationFields, max_completion_tokens: z.int().nullish() });

/** Token ids of a conversation under the chat template. */
export function conversationIds(body: z.output<z.ZodObject<typeof conversationFields>>): number[] {
  const messages = body.messages.map(({ role, content, reasoning, reasoning_content }): ChatMessage => {
    const text = Array.isArray(content) ? content.map((part) => part.text ?? '').join('') : (content ?? '');
    const thought = reasoning ?? reasoning_content;
    return { role, content: text, ...(thought ? { reasoning: thought } : {}) };
  });
  return encode(
    render(messages, {
      addGenerationPrompt: body.add_generation_prompt ?? true,
      continueFinalMessage: body.continue_final_message ?? false,
    }),
  );
}

/** Reads the body of a chat completion. Throws an ApiError. */
export function readChatRequest(context: Context, raw: unknown, requestId: string): GenerationRequest {
  const body = parseBody(chatBody, raw);
  checkModel(context, body.model);
  const ids = conversationIds(body);
  const param = body.max_completion_tokens == null ? 'max_tokens' : 'max_completion_tokens';
  const value = body[param];
  return generationRequest(context, body, {
    ids,
    format: chatFormat(context, `chatcmpl-${requestId}`, body.return_token_ids ? ids : undefined),
    ...(value == null ? {} : { maxTokens: { param, value } }),
  });
}

function chatFormat(context: Context, id: string, promptIds: number[] | undefined): ReplyFormat {
  const created = Math.floor(Date.now() / 1000);
  const event = (choices: object[]) => ({
    id,
    object: 'chat.completion.chunk',
    created,
    model: context.model,
    choices,
  });
  const tokenIds = ({ ids }: Chunk) => ({ token_ids: promptIds ? ids : null });
  return {
    opening: () => [
      {
        ...event([{ index: 0, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }]),
        prompt_token_ids: promptIds ?? null,
      },
    ],
    event: (chunk) =>
      event([
        {
          index: 0,
          delta: { content: chunk.text },
          logprobs: null,
          finish_reason: chunk.finish ?? null,
          ...(chunk.finish ? { stop_reason: chunk.stopReason ?? null } : {}),
          ...tokenIds(chunk),
        },
      ]),
    usageEvent: (usage) => ({ ...event([]), usage }),
    whole: (chunk, usage) => ({
      id,
      object: 'chat.completion',
      created,
      model: context.model,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: chunk.text, refusal: null, reasoning: null },
          logprobs: null,
          finish_reason: chunk.finish ?? null,
          stop_reason: chunk.stopReason ?? null,
          ...tokenIds(chunk),
        },
      ],
      usage,
      prompt_token_ids: promptIds ?? null,
    }),
  };
}
