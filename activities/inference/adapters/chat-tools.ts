import { splitReply } from '../../../protocol/answer.ts';
import type { ToolSchema } from '../../../protocol/tool-schemas.ts';
import type { ModelRequest, RawReply } from '../adapter.ts';
import type { SystemFormat } from '../endpoint.ts';
import { oncePerMessage } from './encode-body.ts';
import { mendLimit } from './mend-limit.ts';
import { CallPieces, nativeCalls, sentName } from './native-calls.ts';
import type { Fields } from './post-stream.ts';
import { chatContent, samplingOf } from './request-fields.ts';
import { streamReply } from './stream-reply.ts';

/** How a provider differs from the rest: fields that turn thinking on, its headers, and settings it does not have. */
interface Dialect {
  thinking: Fields;
  headers?: Record<string, string>;
  without: string[];
}

const DIALECTS: Partial<Record<SystemFormat, Dialect>> = {
  // Earlier thoughts are kept only where that is asked for, and then have to come back unchanged.
  aihubmix_glm: {
    thinking: { thinking: { type: 'enabled', clear_thinking: false } },
    without: ['repetition_penalty', 'seed'],
  },
  volcano: {
    thinking: { thinking: { type: 'enabled' } },
    headers: { 'x-ark-moderation-scene': 'skip-ark-moderation' },
    without: ['repetition_penalty', 'seed'],
  },
  // The platform documents `enable_thinking`; models of other makers that it serves know `thinking`.
  aliyun: { thinking: { enable_thinking: true, thinking: { type: 'enabled' } }, without: [] },
};

/** One streamed chat completion with native tool calls. */
export async function chatTools(call: ModelRequest): Promise<RawReply> {
  const { thinking, headers, without } = DIALECTS[call.endpoint.format] ?? { thinking: {}, without: [] };
  const { messages, model, tools, generated } = call;
  const sampling = Object.entries(samplingOf(model)).filter(([name]) => !without.includes(name));
  const body = {
    messages: messages.flatMap(chatMessage),
    ...(tools.length > 0 ? { tools: tools.map(chatTool) } : {}),
    ...thinking,
    ...Object.fromEntries(sampling),
    ...(model.maxTokens === undefined ? {} : { max_tokens: model.maxTokens }),
    ...model.extraBody,
  };
  const pieces = new CallPieces();
  const reply = await mendLimit(body, (sent) => streamReply(call, 'chat/completions', sent, { headers, pieces }));
  return { ...reply, ...parted(generated.text, generated.reasoning), calls: nativeCalls(pieces.list, tools) };
}

const chatTool = (tool: ToolSchema) => ({ type: 'function', function: tool });

/** One message may become several: each result is one, and what was said to the model follows them. */
const chatMessage = oncePerMessage((message): Fields[] => {
  if (message.role === 'assistant') {
    const { content, reasoning, calls = [] } = message;
    // Nothing said, nothing to send: providers refuse an empty message.
    if (content === '' && calls.length === 0) return [];
    return [
      {
        role: 'assistant',
        content,
        ...(reasoning ? { reasoning_content: reasoning } : {}),
        ...(calls.length > 0
          ? {
              tool_calls: calls.map(({ name, arguments: args, nativeId }) => ({
                id: nativeId,
                type: 'function',
                function: { name: sentName(name), arguments: JSON.stringify(args) },
              })),
            }
          : {}),
      },
    ];
  }
  if (message.role === 'system' || !message.results) return [{ role: message.role, content: chatContent(message) }];
  const { results, notes = [] } = message;
  return [
    ...results.map(({ id, text }) => ({ role: 'tool', tool_call_id: id, content: text })),
    ...(notes.length > 0 ? [{ role: 'user', content: notes.join('\n\n') }] : []),
  ];
});

/** A server that leaves the thought in the text, perhaps without its opening tag, is read like one that parts them. */
function parted(text: string, reasoning: string): Pick<RawReply, 'text' | 'reasoning'> {
  if (reasoning) return { text, reasoning };
  if (!/<\/?think>/i.test(text)) return { text };
  const { reasoning: thought, body } = splitReply(text);
  return { text: body, ...(thought ? { reasoning: thought } : {}) };
}
