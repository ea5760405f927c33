import type { Usage } from '../../../protocol/reply.ts';
import { noUsage } from '../../../protocol/reply.ts';
import type { ModelRequest, RawReply } from '../adapter.ts';
import { connectionFailure, streamFailure } from '../failure.ts';
import { startClock } from './clock.ts';
import type { CallPieces } from './native-calls.ts';
import { type Fields, fieldsOf, listOf, postStream, textOf } from './post-stream.ts';
import { stampOf } from './reply-stamp.ts';

/** What a stream came to; its text is in the call's `generated`. */
export type StreamedReply = Omit<RawReply, 'text' | 'calls'>;

export interface StreamOptions {
  headers?: Record<string, string>;
  /** Takes the native tool calls. */
  pieces?: CallPieces;
}

/** Reasons that say the server could not finish: vLLM's at its shutdown, and GLM's. */
const BROKEN_OFF = new Set(['abort', 'error', 'network_error']);

/** Streams a chat completion, or the completion of a prompt, into `generated`. */
export async function streamReply(
  call: ModelRequest,
  path: 'chat/completions' | 'completions',
  given: Fields,
  { headers, pieces }: StreamOptions = {},
): Promise<StreamedReply> {
  const { endpoint, generated } = call;
  const clock = startClock();
  const body: Fields = {
    model: endpoint.model,
    stream_options: { include_usage: true },
    // Heartbeats carry the ids, so that another attempt can go on from them; servers without them ignore it.
    ...(endpoint.format === 'deep_research' ? { return_token_ids: true } : {}),
    ...given,
    stream: true,
  };
  let usage = noUsage();
  let finishReason = '';
  let refused = false;

  const read = (chunk: Fields) => {
    if (chunk.error) throw streamFailure(chunk.error, endpoint);
    if (chunk.usage) usage = usageOf(fieldsOf(chunk.usage));
    const choice = listOf(chunk.choices)[0] ?? {};
    // A server that does not stream gives the whole message.
    const delta = fieldsOf(choice.delta ?? choice.message);
    const refusal = textOf(delta.refusal);
    const text = contentText(delta.content ?? choice.text) + refusal;
    const reasoning = textOf(delta.reasoning) || textOf(delta.reasoning_content);
    const calls = listOf(delta.tool_calls);
    if (text || reasoning || calls.length > 0) clock.tick();
    generated.text += text;
    generated.reasoning += reasoning;
    refused ||= refusal !== '';
    for (const piece of calls) pieces?.add(piece);
    if (Array.isArray(choice.token_ids)) {
      generated.tokenIds ??= [];
      generated.tokenIds.push(...choice.token_ids);
    }
    finishReason = textOf(choice.finish_reason) || finishReason;
  };

  const done = await postStream(call, { path, body, headers }, read);
  if (!done && !finishReason) throw connectionFailure('the stream ended before the reply did');
  if (BROKEN_OFF.has(finishReason)) throw connectionFailure(`the server ended the reply with "${finishReason}"`);
  return {
    usage,
    finishReason: refused ? 'refusal' : finishReason,
    ...stampOf(call, clock, body),
  };
}

/** Text, or a list of parts of which some are text. */
const contentText = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : listOf(content)
        .map((part) => textOf(part.text))
        .join('');

function usageOf(usage: Fields): Usage {
  const cached = fieldsOf(usage.prompt_tokens_details).cached_tokens ?? usage.prompt_cache_hit_tokens;
  return {
    prompt: Number(usage.prompt_tokens ?? 0),
    cached: Number(cached ?? 0),
    completion: Number(usage.completion_tokens ?? 0),
  };
}
