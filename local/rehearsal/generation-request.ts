import { z } from 'zod';
import type { Context } from './context.ts';
import {
  ApiError,
  invalidBody,
  maxTokensTooLarge,
  promptAndOutputTooLong,
  promptTooLong,
  unknownModel,
} from './errors.ts';
import { type RehearsalOptions, rehearsalOptions } from './policy/options.ts';
import type { ReplyFormat } from './reply-format.ts';

/** A checked request for a reply, whichever route it came by. */
export interface GenerationRequest {
  promptIds: number[];
  maxTokens: number;
  stop: string[];
  seed: number;
  rehearsal: RehearsalOptions;
  stream: boolean;
  includeUsage: boolean;
  continuousUsage: boolean;
  format: ReplyFormat;
}

/** Fields that both routes know; what else is in a body is ignored, as vLLM does. */
export const commonFields = {
  model: z.string().nullish(),
  max_tokens: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  seed: z.int().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z
    .looseObject({ include_usage: z.boolean().nullish(), continuous_usage_stats: z.boolean().nullish() })
    .nullish(),
  return_token_ids: z.boolean().nullish(),
  /** Settings of the rehearsal model. */
  rehearsal: rehearsalOptions.optional(),
};

type CommonBody = z.output<z.ZodObject<typeof commonFields>>;

/** Checks a body. Throws the 400 that vLLM gives. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw invalidBody(parsed.error);
  return parsed.data;
}

export function checkModel(context: Context, model: string | null | undefined): void {
  if (model && model !== context.model) throw unknownModel(model, context.model);
}

export interface Prompt {
  ids: number[];
  format: ReplyFormat;
  /** Where the request names none: the rest of the context, if not given. */
  defaultMaxTokens?: number;
  /** Name and value of the limit the request names. */
  maxTokens?: { param: string; value: number };
}

/** Puts the common part of a request together and checks its lengths. Throws vLLM's errors. */
export function generationRequest(context: Context, body: CommonBody, prompt: Prompt): GenerationRequest {
  const { maxModelLen } = context;
  const left = maxModelLen - prompt.ids.length;
  const asked = prompt.maxTokens;
  if (body.stream_options && !body.stream) {
    throw new ApiError(
      400,
      'Stream options can only be defined when `stream=True`. (parameter=stream_options)',
      'BadRequestError',
      'stream_options',
    );
  }
  if (asked && asked.value < 1) {
    const message = `${asked.param} must be at least 1, got ${asked.value}. (parameter=${asked.param}, value=${asked.value})`;
    throw new ApiError(400, message, 'BadRequestError', asked.param);
  }
  if (asked && asked.value > maxModelLen) throw maxTokensTooLarge(asked.param, asked.value, maxModelLen);
  if (left < 1) throw promptTooLong(maxModelLen);
  if (asked && asked.value > left) throw promptAndOutputTooLong(maxModelLen, prompt.ids.length, asked.value);
  return {
    promptIds: prompt.ids,
    maxTokens: asked?.value ?? Math.min(prompt.defaultMaxTokens ?? left, left),
    stop: (typeof body.stop === 'string' ? [body.stop] : (body.stop ?? [])).filter((text) => text !== ''),
    seed: body.seed ?? 0,
    rehearsal: body.rehearsal ?? context.play,
    stream: body.stream ?? false,
    includeUsage: body.stream_options?.include_usage ?? false,
    continuousUsage: Boolean(body.stream_options?.include_usage && body.stream_options.continuous_usage_stats),
    format: prompt.format,
  };
}
