import { request } from 'undici';
import type { ModelRequest } from '../adapter.ts';
import { chatMessages } from '../adapters/request-fields.ts';
import { affinityHeaders } from '../affinity.ts';
import { type Endpoint, endpointHeaders } from '../endpoint.ts';
import { connectionFailure } from '../failure.ts';

/** Tokenizing 128K tokens takes a server a second; it does not wait behind the replies. */
const TIMEOUT_MS = 60_000;

/** Endpoints that were found to have no tokenizer routes. */
const without = new WeakSet<Endpoint>();

export interface TokenizedPrompt {
  tokens: number[];
  /** Most tokens of prompt and reply together, as the server says. */
  contextTokens: number;
}

type Call = Pick<ModelRequest, 'endpoint' | 'messages' | 'model' | 'sessionId' | 'signal'>;

/** Token ids of a call's prompt, the same as those of its chat request; undefined where the server cannot say. */
export async function tokenizePrompt(call: Call): Promise<TokenizedPrompt | undefined> {
  const { chat_template, chat_template_kwargs } = call.model.extraBody ?? {};
  const answer = await post(call, 'tokenize', {
    messages: chatMessages(call.messages),
    add_generation_prompt: true,
    ...(chat_template === undefined ? {} : { chat_template }),
    ...(chat_template_kwargs === undefined ? {} : { chat_template_kwargs }),
  });
  const { tokens, max_model_len } = (answer ?? {}) as { tokens?: unknown; max_model_len?: unknown };
  if (!Array.isArray(tokens)) return undefined;
  return { tokens, contextTokens: typeof max_model_len === 'number' ? max_model_len : Number.POSITIVE_INFINITY };
}

/** Text of token ids, special tokens included; undefined where the server cannot say. */
export async function textOf(call: Call, tokens: readonly number[]): Promise<string | undefined> {
  const answer = await post(call, 'detokenize', { tokens });
  const { prompt } = (answer ?? {}) as { prompt?: unknown };
  return typeof prompt === 'string' ? prompt : undefined;
}

/** Asks a route that stands beside `/v1`. A server that is away is worth another try; one that refuses cannot. */
async function post(call: Call, path: string, body: object): Promise<unknown> {
  const { endpoint, signal } = call;
  if (endpoint.format !== 'deep_research' || without.has(endpoint)) return undefined;
  const base = endpoint.url
    .replace(/\/+$/, '')
    .replace(/\/chat\/completions$/, '')
    .replace(/\/v\d+$/, '');
  try {
    const response = await request(`${base}/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...affinityHeaders(endpoint, call.sessionId),
        ...endpointHeaders(endpoint),
      },
      body: JSON.stringify({ model: endpoint.model, ...body }),
      signal,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    const text = await response.body.text();
    if (response.statusCode === 404 || response.statusCode === 405) without.add(endpoint);
    if (response.statusCode >= 500) throw new Error(`/${path} answered ${response.statusCode}`);
    return response.statusCode === 200 ? JSON.parse(text) : undefined;
  } catch (error) {
    throw signal.aborted ? signal.reason : connectionFailure(error);
  }
}
