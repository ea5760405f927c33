import { count } from '../../telemetry/metrics.ts';
import { type Attributes, capturesContent, inSpan, type Span } from '../../telemetry/tracer.ts';
import { log } from '../log.ts';
import type { ModelRequest, RawReply } from './adapter.ts';
import type { SystemFormat } from './endpoint.ts';
import { MoveOn } from './fleet/index.ts';
import type { ModelMessage } from './media.ts';

/** The conventions' names of who speaks an API. */
const PROVIDERS: Partial<Record<SystemFormat, string>> = {
  deep_research: 'vllm',
  azure: 'azure.ai.openai',
  aihubmix_claude: 'anthropic',
};

/** A model call as a span, in the metrics and in the log: by OpenTelemetry's conventions for generative AI. */
export function observeModelCall(
  call: ModelRequest,
  about: { purpose: string; round?: number },
  work: () => Promise<RawReply>,
): Promise<RawReply> {
  const { endpoint } = call;
  const where = { endpoint: endpoint.name, model: endpoint.model, purpose: about.purpose };
  return inSpan(
    `chat ${endpoint.model}`,
    { kind: 'client', attributes: requestAttributes(call, about) },
    async (span) => {
      const startedAt = performance.now();
      const seconds = () => (performance.now() - startedAt) / 1000;
      try {
        const reply = await work();
        const { usage, firstTokenMs } = reply;
        count.modelCall({ ...where, outcome: 'ok', seconds: seconds(), firstTokenMs, usage });
        span.set(replyAttributes(reply));
        if (capturesContent())
          span.set({ 'gen_ai.output.messages': messagesText([{ role: 'assistant', content: reply.text }]) });
        log.info('Model call done', { ...where, ...usage, seconds: rounded(seconds()), firstTokenMs });
        return reply;
      } catch (error) {
        count.modelCall({ ...where, outcome: failed(error, call.signal, span), seconds: seconds() });
        throw error;
      }
    },
  );
}

/** What a call that has ended badly is called; a call that was stopped is no failure of the server. */
function failed(error: unknown, signal: AbortSignal, span: Span): string {
  const { type, name, message } = (error ?? {}) as { type?: string; name?: string; message?: string };
  const outcome = error instanceof MoveOn ? 'moved' : signal.aborted ? 'stopped' : (type ?? name ?? 'Error');
  span.fail(outcome, message ?? String(error));
  return outcome;
}

function requestAttributes(call: ModelRequest, about: { purpose: string; round?: number }): Attributes {
  const { endpoint, model, messages, sessionId } = call;
  const url = URL.parse(endpoint.url);
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': PROVIDERS[endpoint.format] ?? 'openai',
    'gen_ai.request.model': endpoint.model,
    'gen_ai.request.temperature': model.temperature,
    'gen_ai.request.top_p': model.topP,
    'gen_ai.request.max_tokens': model.maxTokens,
    'gen_ai.request.seed': model.seed,
    'gen_ai.conversation.id': sessionId || undefined,
    'server.address': url?.hostname,
    'server.port': url ? Number(url.port || (url.protocol === 'https:' ? 443 : 80)) : undefined,
    'deep_research.endpoint': endpoint.name,
    'deep_research.purpose': about.purpose,
    'deep_research.round': about.round,
    ...(capturesContent() ? { 'gen_ai.input.messages': messagesText(messages) } : {}),
  };
}

const replyAttributes = ({ usage, finishReason, model, firstTokenMs }: RawReply): Attributes => ({
  'gen_ai.response.model': model,
  'gen_ai.response.finish_reasons': finishReason ? [finishReason] : undefined,
  'gen_ai.response.time_to_first_chunk': firstTokenMs ? firstTokenMs / 1000 : undefined,
  'gen_ai.usage.input_tokens': usage.prompt,
  'gen_ai.usage.output_tokens': usage.completion,
  'gen_ai.usage.cache_read.input_tokens': usage.cached,
});

/** The conventions' form of messages. */
const messagesText = (messages: readonly Pick<ModelMessage, 'role' | 'content'>[]): string =>
  JSON.stringify(
    messages.map(({ role, content }) => ({
      role,
      parts: [{ type: 'text', content: typeof content === 'string' ? content : JSON.stringify(content) }],
    })),
  );

const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;
