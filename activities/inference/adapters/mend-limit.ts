import { ApplicationFailure } from '@temporalio/common';
import { FAILURE } from '../../../protocol/names.ts';
import type { Fields } from './post-stream.ts';

/**
 * Sends a request, and once more without its limit of tokens where the server says that this limit is beyond what is
 * left: the reply then ends where the context does.
 */
export async function mendLimit<T>(body: Fields, send: (body: Fields) => Promise<T>): Promise<T> {
  try {
    return await send(body);
  } catch (error) {
    const { max_tokens, max_completion_tokens, max_output_tokens, ...unlimited } = body;
    if ((max_tokens ?? max_completion_tokens ?? max_output_tokens) === undefined || !aboutLength(error)) throw error;
    return send(unlimited);
  }
}

const aboutLength = (error: unknown): boolean =>
  error instanceof ApplicationFailure &&
  (error.type === FAILURE.contextOverflow ||
    (error.type === FAILURE.modelRejected && /max_(completion_|output_)?tokens/.test(error.message)));
