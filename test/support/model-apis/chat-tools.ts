import { halves, type Said } from './server.ts';

/** Server-sent events of chat completions. */
export const chatEvents = (chunks: unknown[], done = true): string =>
  [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), ...(done ? ['data: [DONE]\n\n'] : [])].join('');

export const chatChunk = (delta: object, finish_reason: string | null = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason }],
});

export const CHAT_USAGE = {
  prompt_tokens: 100,
  completion_tokens: 20,
  total_tokens: 120,
  prompt_tokens_details: { cached_tokens: 64 },
};

/** One reply as GLM, Volcano's Ark and Alibaba's Model Studio stream it: reasoning, content, calls, usage apart. */
export function chatReply({ reasoning = '', text = '', calls = [] }: Said, idBase = 'call'): string {
  const chunks = [
    chatChunk({ role: 'assistant', content: '' }),
    ...halves(reasoning).map((half) => chatChunk({ reasoning_content: half, content: null })),
    ...halves(text).map((half) => chatChunk({ content: half })),
    ...calls.flatMap((call, index) => [
      chatChunk({
        tool_calls: [
          { index, id: `${idBase}_${index}`, type: 'function', function: { name: call.name, arguments: '' } },
        ],
      }),
      ...halves(JSON.stringify(call.arguments)).map((half) =>
        chatChunk({ tool_calls: [{ index, function: { arguments: half } }] }),
      ),
    ]),
    chatChunk({}, calls.length > 0 ? 'tool_calls' : 'stop'),
    { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage: CHAT_USAGE },
  ];
  return chatEvents(chunks);
}
