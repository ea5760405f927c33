import type { Generated, ModelRequest } from '../adapter.ts';
import { textOf, tokenizePrompt } from './tokenizer.ts';

/** Where a reply goes on: the prompt's ids, and the ids of the reply that are kept. */
export interface Continuation {
  prompt: number[];
  kept: number[];
  /** Text of the kept ids. */
  text: string;
  /** Most tokens of prompt and reply together, as the server says. */
  contextTokens: number;
}

/**
 * Settings under which a reply cannot go on from its middle. A grammar starts over at the first new token (vLLM 0.32
 * was seen to write a second whole reply behind the first half), and these penalties forget what was written, since
 * they do not count a prompt.
 */
const FROM_THE_START = [
  'structured_outputs',
  'response_format',
  'guided_json',
  'guided_regex',
  'guided_choice',
  'guided_grammar',
  'presence_penalty',
  'frequency_penalty',
];

/** Tokens at the end whose text may not have been shown yet: parts of a character, or of a stop string. */
export const MOST_HELD_BACK = 40;

/** How a call goes on after what was generated before; undefined where it must start again. */
export async function planContinuation(
  call: Omit<ModelRequest, 'generated'>,
  before: Generated,
): Promise<Continuation | undefined> {
  if (!before.tokenIds?.length || before.reasoning) return undefined;
  const extra = call.model.extraBody ?? {};
  if (FROM_THE_START.some((field) => extra[field] != null && extra[field] !== 0)) return undefined;
  const shown = await keepShown(call, before.tokenIds, before.text);
  if (!shown) return undefined;
  const prompt = await tokenizePrompt(call);
  return prompt && { prompt: prompt.tokens, contextTokens: prompt.contextTokens, ...shown };
}

/**
 * The ids whose text was shown. A server holds text back while a character, or what may become a stop string, is
 * incomplete: these few tokens are generated again, so that the border never runs through either.
 */
async function keepShown(
  call: Omit<ModelRequest, 'generated'>,
  ids: readonly number[],
  shown: string,
): Promise<Pick<Continuation, 'kept' | 'text'> | undefined> {
  const least = Math.max(1, ids.length - MOST_HELD_BACK);
  for (let count = ids.length; count >= least; count -= 1) {
    const kept = ids.slice(0, count);
    const whole = await textOf(call, kept);
    if (whole === undefined) return undefined;
    const text = [whole, withoutSpecial(whole)].find((candidate) => shown.startsWith(candidate));
    if (text !== undefined) return { kept, text };
  }
  return undefined;
}

/** Streams leave special tokens out, `/detokenize` does not. */
const withoutSpecial = (text: string): string => text.replace(/<\|[^|<>]*\|>/g, '');
