import { z } from 'zod';
import type { Context } from './context.ts';
import { ApiError } from './errors.ts';
import {
  checkModel,
  commonFields,
  type GenerationRequest,
  generationRequest,
  parseBody,
} from './generation-request.ts';
import type { ReplyFormat } from './reply-format.ts';
import { decode, encode } from './tokenizer.ts';

/** vLLM's, and easily forgotten: a continued reply that names no limit ends after 16 tokens. */
const DEFAULT_MAX_TOKENS = 16;

const completionBody = z.looseObject({
  ...commonFields,
  prompt: z.union([z.string(), z.array(z.int()), z.array(z.string()), z.array(z.array(z.int()))]),
});

/** Reads the body of a completion, whose prompt is text or token ids. Throws an ApiError. */
export function readCompletionRequest(context: Context, raw: unknown, requestId: string): GenerationRequest {
  const body = parseBody(completionBody, raw);
  checkModel(context, body.model);
  const ids = promptIds(body.prompt);
  return generationRequest(context, body, {
    ids,
    format: completionFormat(context, `cmpl-${requestId}`, body.return_token_ids ? ids : undefined),
    defaultMaxTokens: DEFAULT_MAX_TOKENS,
    ...(body.max_tokens == null ? {} : { maxTokens: { param: 'max_tokens', value: body.max_tokens } }),
  });
}

function promptIds(prompt: z.output<typeof completionBody>['prompt']): number[] {
  const [first] = prompt;
  const single = typeof prompt === 'string' || typeof first === 'number' ? prompt : first;
  if (single === undefined || single.length === 0) {
    const message = 'Either prompt or prompt_embeds must be provided and non-empty. (parameter=prompt)';
    throw new ApiError(400, message, 'BadRequestError', 'prompt');
  }
  if (single === first && prompt.length > 1 && typeof prompt !== 'string') {
    throw new ApiError(400, 'The rehearsal model takes one prompt a request.', 'BadRequestError', 'prompt');
  }
  if (typeof single === 'string') return encode(single);
  const ids = single as number[];
  try {
    decode(ids);
  } catch (error) {
    throw new ApiError(400, (error as RangeError).message, 'BadRequestError', 'prompt');
  }
  return ids;
}

function completionFormat(context: Context, id: string, returned: number[] | undefined): ReplyFormat {
  const created = Math.floor(Date.now() / 1000);
  const event = (choices: object[]) => ({ id, object: 'text_completion', created, model: context.model, choices });
  return {
    opening: () => [],
    event: (chunk, first) =>
      event([
        {
          index: 0,
          text: chunk.text,
          logprobs: null,
          finish_reason: chunk.finish ?? null,
          stop_reason: chunk.stopReason ?? null,
          prompt_token_ids: first && returned ? returned : null,
          token_ids: returned ? chunk.ids : null,
        },
      ]),
    usageEvent: (usage) => ({ ...event([]), usage }),
    whole: (chunk, usage) => ({
      ...event([
        {
          index: 0,
          text: chunk.text,
          logprobs: null,
          finish_reason: chunk.finish ?? null,
          stop_reason: chunk.stopReason ?? null,
          token_ids: returned ? chunk.ids : null,
          prompt_token_ids: returned ?? null,
        },
      ]),
      usage,
    }),
  };
}
