import type { InferInput, Prepared } from '../../protocol/activities.ts';
import { parseResearchInput, type ResearchInput } from '../../protocol/input.ts';
import { type Message, messagesOf } from '../../protocol/messages.ts';
import type { Call, Reply } from '../../protocol/reply.ts';
import type { ToolCallInput } from '../../protocol/tool-call.ts';
import { Cancelled, type Runtime } from '../../workflows/runtime.ts';
import { newSessionAt, type Session } from '../../workflows/session.ts';
import { currentSegment, newSession } from '../../workflows/session-state.ts';

const PREPARED: Prepared = {
  systemPrompt: 'You research. Current date: 2026-01-02',
  opening: 'Why?',
  tools: ['search', 'visit', 'bash'],
  effectful: ['bash'],
  protocol: 'text',
  session: { workspace: 'w' },
  queues: {},
  searchAttributes: false,
};

export interface FakeWorld {
  session: Session;
  /** The messages of each model call, in order. */
  requests: Message[][];
  inputs: InferInput[];
  toolCalls: { name: string; input: ToolCallInput }[];
}

/** A session whose model and tools are functions; nothing needs a server. */
export function fakeSession(
  input: ResearchInput,
  model: (request: { messages: Message[]; input: InferInput; session: Session }) => string | Partial<Reply> | Error,
  tool: (name: string, input: ToolCallInput) => string = (name) => `${name} result`,
  calls: (text: string) => Call[] = () => [],
): FakeWorld {
  const parsed = parseResearchInput(input);
  if ('error' in parsed) throw new Error(parsed.error);
  const world = { requests: [], inputs: [], toolCalls: [] } as unknown as FakeWorld;
  let stopped = Promise.withResolvers<never>();
  const runtime: Runtime = {
    prepare: async () => PREPARED,
    fork: () => Promise.reject(new Error('nothing to fork from')),
    giveAccount: () => {},
    conclude: async () => ({ artifacts: [] }),
    async infer(inferInput) {
      await Promise.resolve();
      const segment = currentSegment(world.session.data);
      const messages = messagesOf(segment, 'text', 0, inferInput.messages);
      if (inferInput.append !== undefined) messages.push({ role: 'user', content: inferInput.append });
      world.requests.push(messages);
      world.inputs.push(inferInput);
      const said = model({ messages, input: inferInput, session: world.session });
      if (said instanceof Error) throw said;
      // A model that stops the session is cut short.
      await Promise.race([stopped.promise, Promise.resolve()]);
      const partial = typeof said === 'string' ? { text: said } : said;
      const text = partial.text ?? '';
      const prompt = Math.ceil(messages.reduce((sum, { content }) => sum + content.length, 0) / 4);
      return {
        text,
        calls: calls(text),
        usage: { prompt, cached: 0, completion: Math.ceil(text.length / 4) },
        finishReason: 'stop',
        endpoint: 'fake',
        model: 'fake',
        firstTokenMs: 0,
        elapsedMs: 0,
        ...partial,
      };
    },
    async tool(name, toolInput) {
      await Promise.resolve();
      world.toolCalls.push({ name, input: toolInput });
      return { text: tool(name, toolInput) };
    },
    now: () => Date.now(),
    async until(condition, ms) {
      const end = ms === undefined ? Number.POSITIVE_INFINITY : Date.now() + ms;
      while (!condition()) {
        if (Date.now() >= end) return false;
        await new Promise((resolve) => setImmediate(resolve));
      }
      return true;
    },
    stoppable(work) {
      stopped = Promise.withResolvers<never>();
      stopped.promise.catch(() => {});
      return { result: work(), stop: () => stopped.reject(new Cancelled('stopped')) };
    },
    share: () => {},
    show: () => {},
    shouldContinueAsNew: () => false,
    patched: () => true,
  };
  world.session = newSessionAt(newSession(parsed.settings, PREPARED, Date.now()), runtime);
  return world;
}
