import type { ModelRequest, RawReply } from '../adapter.ts';
import { askedMaxTokens, samplingOf } from '../adapters/request-fields.ts';
import { restoreThink } from '../adapters/restore-think.ts';
import { streamReply } from '../adapters/stream-reply.ts';
import type { Continuation } from './plan.ts';

/** Fields of a chat request that a request for a completion does not have. */
const CHAT_ONLY = ['max_completion_tokens', 'chat_template', 'chat_template_kwargs', 'messages', 'tools'];

/**
 * Goes on with a reply token for token: the prompt's ids and the ids so far are the prompt of a completion. The reply
 * is the joined one, and its usage that of one undisturbed call.
 */
export async function continueReply(call: ModelRequest, from: Continuation, contextTokens: number): Promise<RawReply> {
  const { endpoint, model, generated } = call;
  generated.text = from.text;
  generated.tokenIds = [...from.kept];
  const done = from.kept.length;
  const room = Math.min(contextTokens, from.contextTokens) - from.prompt.length;
  // Without a limit of its own the undisturbed reply would have ended at the server's.
  const most = Math.min(askedMaxTokens(model) ?? Number.POSITIVE_INFINITY, room) - done;
  const joined = (usage: { cached: number; completion: number }) => ({
    prompt: from.prompt.length,
    cached: Math.min(usage.cached, from.prompt.length),
    completion: done + usage.completion,
  });
  if (most <= 0) {
    const rest = { finishReason: 'length', firstTokenMs: 0, elapsedMs: 0 };
    const usage = joined({ cached: 0, completion: 0 });
    return { text: restoreThink(generated), usage, endpoint: endpoint.name, model: endpoint.model, ...rest };
  }
  const extra = Object.fromEntries(Object.entries(model.extraBody ?? {}).filter(([name]) => !CHAT_ONLY.includes(name)));
  const least = extra.min_tokens;
  const { usage, ...rest } = await streamReply(call, 'completions', {
    ...samplingOf(model),
    ...extra,
    ...(typeof least === 'number' ? { min_tokens: Math.max(0, least - done) } : {}),
    prompt: [...from.prompt, ...from.kept],
    // Never left out: the API's default is 16.
    max_tokens: Number.isFinite(most) ? most : undefined,
  });
  return { ...rest, text: restoreThink(generated), usage: joined(usage) };
}
