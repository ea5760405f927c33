import { createParser } from 'eventsource-parser';
import { request } from 'undici';
import type { Usage } from '../../../protocol/reply.ts';
import type { ModelRequest, RawReply } from '../adapter.ts';
import { affinityHeaders } from '../affinity.ts';
import { apiUrl, endpointHeaders, SILENCE_MS } from '../endpoint.ts';
import { connectionFailure, failureOf } from '../failure.ts';

/** What a stream came to; its text is in the call's `generated`. */
export type StreamedReply = Omit<RawReply, 'text' | 'calls'>;

/** Streams a chat completion, or the completion of a prompt, into `generated`. */
export async function streamReply(
  call: ModelRequest,
  path: 'chat/completions' | 'completions',
  body: Record<string, unknown>,
): Promise<StreamedReply> {
  const { endpoint, signal, generated: progress } = call;
  const startedAt = performance.now();
  const response = await request(apiUrl(endpoint, path), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-request-id': call.requestId,
      ...affinityHeaders(endpoint, call.sessionId),
      ...endpointHeaders(endpoint),
    },
    body: JSON.stringify({
      model: endpoint.model,
      stream_options: { include_usage: true },
      // Heartbeats carry the ids, so that another attempt can go on from them; servers without them ignore it.
      return_token_ids: true,
      ...body,
      stream: true,
    }),
    signal,
    headersTimeout: endpoint.silence?.first ?? SILENCE_MS.first,
    bodyTimeout: endpoint.silence?.next ?? SILENCE_MS.next,
  }).catch((error) => {
    throw signal.aborted ? signal.reason : connectionFailure(error);
  });
  if (response.statusCode !== 200) {
    const headers = { 'retry-after': String(response.headers['retry-after'] ?? '') };
    throw failureOf(response.statusCode, headers, await response.body.text());
  }
  const state = { usage: undefined as Usage | undefined, finishReason: '', done: false, firstTokenMs: 0, failed: '' };
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data === '[DONE]') {
        state.done = true;
        return;
      }
      const chunk = JSON.parse(data);
      if (chunk.error) state.failed = JSON.stringify(chunk);
      if (chunk.usage) state.usage = usageOf(chunk.usage);
      const choice = chunk.choices?.[0];
      const delta = choice?.delta ?? {};
      if (!state.firstTokenMs && (delta.content || choice?.text || delta.reasoning || delta.reasoning_content)) {
        state.firstTokenMs = Math.round(performance.now() - startedAt);
      }
      progress.text += delta.content ?? choice?.text ?? '';
      progress.reasoning += delta.reasoning ?? delta.reasoning_content ?? '';
      if (Array.isArray(choice?.token_ids)) {
        progress.tokenIds ??= [];
        progress.tokenIds.push(...choice.token_ids);
      }
      if (choice?.finish_reason) state.finishReason = choice.finish_reason;
    },
  });
  try {
    const decoder = new TextDecoder();
    for await (const bytes of response.body) parser.feed(decoder.decode(bytes, { stream: true }));
  } catch (error) {
    throw signal.aborted ? signal.reason : connectionFailure(error);
  }
  if (state.failed) throw failureOf(500, {}, state.failed);
  if (!state.done && !state.finishReason) throw connectionFailure('the stream ended before the reply did');
  return {
    usage: state.usage ?? { prompt: 0, cached: 0, completion: 0 },
    finishReason: state.finishReason,
    endpoint: endpoint.name,
    model: endpoint.model,
    firstTokenMs: state.firstTokenMs,
    elapsedMs: Math.round(performance.now() - startedAt),
  };
}

function usageOf(usage: Record<string, unknown>): Usage {
  const details = usage.prompt_tokens_details as { cached_tokens?: number } | null | undefined;
  return {
    prompt: Number(usage.prompt_tokens ?? 0),
    cached: Number(details?.cached_tokens ?? 0),
    completion: Number(usage.completion_tokens ?? 0),
  };
}
