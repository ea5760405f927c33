import { z } from 'zod';
import { conversationFields, conversationIds } from './chat.ts';
import type { Context } from './context.ts';
import { ApiError } from './errors.ts';
import { checkModel, parseBody } from './generation-request.ts';
import { decode, encode } from './tokenizer.ts';

const options = { model: z.string().nullish(), return_token_strs: z.boolean().nullish() };
const promptBody = z.looseObject({ ...options, prompt: z.string() });
const messagesBody = z.looseObject({ ...options, ...conversationFields });
const detokenizeBody = z.looseObject({ model: z.string().nullish(), tokens: z.array(z.int().min(0)) });

/** `POST /tokenize`, of a text or a conversation. */
export function tokenize(context: Context, raw: unknown): object {
  const isText = raw !== null && typeof raw === 'object' && 'prompt' in raw;
  const { body, tokens } = isText ? ofText(raw) : ofConversation(raw);
  checkModel(context, body.model);
  return {
    count: tokens.length,
    max_model_len: context.maxModelLen,
    tokens,
    token_strs: body.return_token_strs ? tokens.map((id) => decode([id])) : null,
  };
}

function ofText(raw: unknown) {
  const body = parseBody(promptBody, raw);
  return { body, tokens: encode(body.prompt) };
}

function ofConversation(raw: unknown) {
  const body = parseBody(messagesBody, raw);
  return { body, tokens: conversationIds(body) };
}

/** `POST /detokenize`. */
export function detokenize(context: Context, raw: unknown): object {
  const body = parseBody(detokenizeBody, raw);
  checkModel(context, body.model);
  try {
    return { prompt: decode(body.tokens) };
  } catch (error) {
    throw new ApiError(400, (error as RangeError).message, 'BadRequestError', 'tokens');
  }
}
