import { halves, type Said } from './server.ts';

export const messageEvents = (events: ({ type: string } & Record<string, unknown>)[]): string =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');

/** Of which 10 tokens are new, 26 written to the cache and 64 read from it. */
export const MESSAGE_USAGE = {
  input_tokens: 10,
  cache_creation_input_tokens: 26,
  cache_read_input_tokens: 64,
  output_tokens: 1,
};

export const messageStart = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: MESSAGE_USAGE,
  },
};

export const messageEnd = (stop_reason: string) => [
  { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 20 } },
  { type: 'message_stop' },
];

/** A block: its start, its deltas, its end. */
export const blockEvents = (index: number, content_block: object, deltas: object[]) => [
  { type: 'content_block_start', index, content_block },
  ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
];

/** One reply as the Messages API streams it. */
export function messageReply({ reasoning, text, calls = [] }: Said, idBase = 'call'): string {
  const blocks: [object, object[]][] = [];
  if (reasoning !== undefined) {
    blocks.push([
      { type: 'thinking', thinking: '', signature: '' },
      [
        ...halves(reasoning).map((half) => ({ type: 'thinking_delta', thinking: half })),
        { type: 'signature_delta', signature: `signed:${idBase}` },
      ],
    ]);
  }
  if (text !== undefined) {
    blocks.push([{ type: 'text', text: '' }, halves(text).map((half) => ({ type: 'text_delta', text: half }))]);
  }
  calls.forEach((call, index) => {
    blocks.push([
      { type: 'tool_use', id: `${idBase}_${index}`, name: call.name, input: {} },
      ['', ...halves(JSON.stringify(call.arguments))].map((half) => ({ type: 'input_json_delta', partial_json: half })),
    ]);
  });
  return messageEvents([
    messageStart,
    { type: 'ping' },
    ...blocks.flatMap(([start, deltas], index) => blockEvents(index, start, deltas)),
    ...messageEnd(calls.length > 0 ? 'tool_use' : 'end_turn'),
  ]);
}
