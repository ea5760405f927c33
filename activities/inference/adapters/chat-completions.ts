import { createParser } from 'eventsource-parser';
import { request } from 'undici';
import type { Usage } from '../../../protocol/reply.ts';
import type { Generated, ModelRequest, RawReply } from '../adapter.ts';
import { affinityHeaders } from '../affinity.ts';
import { apiUrl, endpointHeaders, SILENCE_MS } from '../endpoint.ts';
import { connectionFailure, failureOf } from '../failure.ts';

/** One streamed chat completion. */
export async function chatCompletions(call: ModelRequest): Promise<RawReply> {
  const { endpoint, signal, generated: progress } = call;
  const startedAt = performance.now();
  const response = await request(apiUrl(endpoint, 'chat/completions'), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-request-id': call.requestId,
      ...affinityHeaders(endpoint, call.sessionId),
      ...endpointHeaders(endpoint),
    },
    body: JSON.stringify(requestBody(call)),
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
      if (!state.firstTokenMs && (delta.content || delta.reasoning || delta.reasoning_content)) {
        state.firstTokenMs = Math.round(performance.now() - startedAt);
      }
      progress.text += delta.content ?? '';
      progress.reasoning += delta.reasoning ?? delta.reasoning_content ?? '';
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
    text: restoreThink(progress),
    usage: state.usage ?? { prompt: 0, cached: 0, completion: 0 },
    finishReason: state.finishReason,
    endpoint: endpoint.name,
    model: endpoint.model,
    firstTokenMs: state.firstTokenMs,
    elapsedMs: Math.round(performance.now() - startedAt),
  };
}

/** `extraBody` comes last: whatever the caller wants to tell the server wins. */
function requestBody({ endpoint, messages, model }: ModelRequest) {
  return {
    model: endpoint.model,
    messages: messages.map(({ role, content }, index) => ({
      role,
      content: role === 'user' && index === 1 ? [{ type: 'text', text: content }] : content,
    })),
    stream: true,
    stream_options: { include_usage: true },
    ...(model.temperature === undefined ? {} : { temperature: model.temperature }),
    ...(model.topP === undefined ? {} : { top_p: model.topP }),
    ...(model.maxTokens === undefined ? {} : { max_tokens: model.maxTokens }),
    ...(model.repetitionPenalty === undefined ? {} : { repetition_penalty: model.repetitionPenalty }),
    ...(model.seed === undefined ? {} : { seed: model.seed }),
    ...(model.stop ? { stop: model.stop } : {}),
    ...model.extraBody,
  };
}

/** Some servers keep the thought apart, others strip its opening tag: the transcript has it whole. */
function restoreThink({ text, reasoning }: Generated): string {
  if (reasoning) return `<think>\n${reasoning}\n</think>\n\n${text}`;
  const opens = text.indexOf('<think>');
  const closes = text.indexOf('</think>');
  return closes >= 0 && (opens < 0 || opens > closes) ? `<think>\n${text}` : text;
}

function usageOf(usage: Record<string, unknown>): Usage {
  const details = usage.prompt_tokens_details as { cached_tokens?: number } | null | undefined;
  return {
    prompt: Number(usage.prompt_tokens ?? 0),
    cached: Number(details?.cached_tokens ?? 0),
    completion: Number(usage.completion_tokens ?? 0),
  };
}
