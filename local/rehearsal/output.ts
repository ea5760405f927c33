import { decode, END_OF_TURN, encode } from './tokenizer.ts';

/** All that will be generated, known beforehand because the policy is no language model. */
export interface PlannedOutput {
  tokens: { id: number; text: string }[];
  finish: 'stop' | 'length';
  /** The stop string that ended it. */
  stopReason: string | null;
}

/**
 * What is left to generate of a reply of which `partial` is there already.
 *
 * A partial text that the reply does not begin with is closed where it stands and followed by the reply's body: a
 * model, too, goes on from whatever it is given.
 */
export function planOutput(
  reply: string,
  partial: string,
  limits: { maxTokens: number; stop: readonly string[] },
): PlannedOutput {
  const ids = reply.startsWith(partial) ? restOf(reply, partial) : encode(closing(reply, partial));
  const tokens = ids.map((id) => ({ id, text: decode([id]) }));
  tokens.push({ id: END_OF_TURN, text: '' });
  const stopped = cutAtStop(tokens, limits.stop);
  const output = stopped ?? { tokens, finish: 'stop' as const, stopReason: null };
  if (output.tokens.length <= limits.maxTokens) return output;
  return { tokens: output.tokens.slice(0, limits.maxTokens), finish: 'length', stopReason: null };
}

function restOf(reply: string, partial: string): number[] {
  const all = encode(reply);
  const done = encode(partial);
  const atTokenBoundary = done.every((id, index) => all[index] === id);
  return atTokenBoundary ? all.slice(done.length) : encode(reply.slice(partial.length));
}

function closing(reply: string, partial: string): string {
  const thinking = partial.lastIndexOf('<think>') > partial.lastIndexOf('</think>');
  const body = reply.slice(reply.indexOf('</think>') + '</think>'.length).trimStart();
  return thinking ? `\n</think>\n\n${body}` : body;
}

function cutAtStop(tokens: PlannedOutput['tokens'], stop: readonly string[]): PlannedOutput | undefined {
  const text = tokens.map((token) => token.text).join('');
  const [first] = stop
    .map((reason) => ({ reason, at: text.indexOf(reason) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at);
  if (!first) return undefined;
  const kept: PlannedOutput['tokens'] = [];
  let length = 0;
  for (const { id, text: piece } of tokens) {
    if (length >= first.at + first.reason.length) break;
    kept.push({ id, text: piece.slice(0, Math.max(0, first.at - length)) });
    length += piece.length;
  }
  return { tokens: kept, finish: 'stop', stopReason: first.reason };
}
