import { randomUUID } from 'node:crypto';
import type { ModelSettings } from '../../protocol/input.ts';
import type { Usage } from '../../protocol/reply.ts';
import type { Generated, ModelRequest } from './adapter.ts';
import { adapterOf } from './adapters/index.ts';
import type { EndpointRole } from './endpoint.ts';
import { faultOf } from './fleet/fault.ts';
import { type Fleet, MoveOn } from './fleet/index.ts';
import type { ModelMessage } from './media.ts';
import { observeModelCall } from './observe-call.ts';

/** A question of a tool to a model: a page's summary, a question about an image. */
export interface ModelQuestion {
  /** `pages` is served by the research endpoints where none has that role. */
  role: EndpointRole;
  messages: ModelMessage[];
  model?: ModelSettings;
  /** Keeps questions with a common beginning at one server. */
  session?: string;
  /** Of the call's activity: 1 (first) to 5 (last). */
  priority?: number | undefined;
  signal: AbortSignal;
  /** Called while it waits and streams, with what was generated so far. */
  onProgress?: (generated: Readonly<Generated>) => void;
}

export interface ModelAnswer {
  /** Without the model's thoughts. */
  text: string;
  usage: Usage;
  endpoint: string;
}

/** One more endpoint is tried before the tool's own retry: its work so far would be repeated by that. */
const MOST_ATTEMPTS = 2;
const PROGRESS_EVERY_MS = 1_000;

/** Asks a model outside the conversation, under the same limits as the sessions' own calls. */
export async function askModel(fleet: Fleet, question: ModelQuestion): Promise<ModelAnswer> {
  const requestId = randomUUID();
  let avoid: string | undefined;
  for (let attempt = 1; ; ) {
    try {
      return await askOnce(fleet, question, requestId, avoid, (endpoint) => {
        avoid = endpoint;
      });
    } catch (error) {
      if (error instanceof MoveOn) continue;
      if (attempt >= MOST_ATTEMPTS || avoid === undefined || !faultOf(error)) throw error;
      attempt += 1;
    }
  }
}

async function askOnce(
  fleet: Fleet,
  { role, messages, model = {}, session, priority, signal, onProgress }: ModelQuestion,
  requestId: string,
  avoid: string | undefined,
  onEndpoint: (name: string) => void,
): Promise<ModelAnswer> {
  const generated: Generated = { text: '', reasoning: '' };
  const timer = onProgress && setInterval(() => onProgress(generated), PROGRESS_EVERY_MS);
  try {
    const lease = await fleet.acquire({ role, avoid, priority, signal });
    const { endpoint } = lease;
    onEndpoint(endpoint.name);
    try {
      const adapter = adapterOf(endpoint.format);
      const sessionId = session ?? '';
      const call: ModelRequest = {
        endpoint,
        messages,
        model,
        tools: [],
        sessionId,
        requestId,
        signal: lease.signal,
        onBegin: lease.begun,
        generated,
      };
      const reply = await observeModelCall(call, { purpose: role }, () => adapter(call));
      lease.release();
      return { text: withoutThought(reply.text), usage: reply.usage, endpoint: endpoint.name };
    } catch (error) {
      lease.release(error);
      throw error;
    }
  } finally {
    clearInterval(timer);
  }
}

/** A thought that was cut off before its end has no answer after it. */
function withoutThought(text: string): string {
  const closes = text.lastIndexOf('</think>');
  if (closes >= 0) return text.slice(closes + '</think>'.length).trim();
  return text.trimStart().startsWith('<think>') ? '' : text.trim();
}
