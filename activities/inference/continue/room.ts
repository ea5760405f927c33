import { ApplicationFailure } from '@temporalio/common';
import type { InferInput } from '../../../protocol/activities.ts';
import type { ModelSettings } from '../../../protocol/input.ts';
import { FAILURE } from '../../../protocol/names.ts';
import type { ModelRequest } from '../adapter.ts';
import { askedMaxTokens } from '../adapters/request-fields.ts';
import { tokenizePrompt } from './tokenizer.ts';

/** From this share of the context on, the prompt is counted instead of estimated. */
const CLOSE = 0.9;

/** With fewer tokens left than this no reply can say anything. */
const LEAST_LEFT = 32;

/** The most tokens a session may use with an endpoint. */
export const contextOf = (call: Pick<ModelRequest, 'endpoint'>, input: InferInput): number =>
  Math.min(input.contextTokens, call.endpoint.contextTokens ?? Number.POSITIVE_INFINITY);

/**
 * The settings with a limit that never asks for more than what is left. Where the estimate comes close to the context,
 * or the limit to what is left, the server counts the prompt. Throws `ContextOverflow` where nothing is left.
 */
export async function withinContext(call: Omit<ModelRequest, 'generated'>, input: InferInput): Promise<ModelSettings> {
  const { model } = call;
  const limit = contextOf(call, input);
  const asked = askedMaxTokens(model);
  if (input.promptTokens < CLOSE * limit && (asked ?? 0) <= limit - input.promptTokens) return model;
  const counted = await tokenizePrompt(call);
  // The server itself knows, and says so.
  if (!counted) return model;
  const most = Math.min(limit, counted.contextTokens);
  const left = most - counted.tokens.length;
  if (left < LEAST_LEFT) {
    throw ApplicationFailure.nonRetryable(
      `The prompt has ${counted.tokens.length} tokens, which leaves no room for a reply in a context of ${most}.`,
      FAILURE.contextOverflow,
    );
  }
  const { max_tokens: _, max_completion_tokens: __, ...extraBody } = model.extraBody ?? {};
  return { ...model, maxTokens: Math.min(asked ?? left, left), ...(model.extraBody ? { extraBody } : {}) };
}
