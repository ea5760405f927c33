import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StreamOrder } from './order.ts';

/**
 * A model server that only streams: as many tokens as the request's `bench` says, at its pace, an event and a write for
 * each as vLLM does. Streams that belong together begin when the last of them is there. Prints its URL.
 */
const ID = 'chatcmpl-bench';
const waiting: Stream[] = [];

interface Stream {
  order: StreamOrder;
  response: ServerResponse;
}

const event = (body: object): string => `data: ${JSON.stringify(body)}\n\n`;
const chunk = (choices: object[], more: object = {}): string =>
  event({ id: ID, object: 'chat.completion.chunk', created: 1_764_000_000, model: 'bench', choices, ...more });

/** Ids and texts as they come from a tokenizer of 150,000 tokens. */
const token = (index: number): string =>
  chunk([
    {
      index: 0,
      delta: { content: index % 9 === 8 ? ' tide,' : ' lamp' },
      logprobs: null,
      finish_reason: null,
      token_ids: [1000 + ((index * 7919) % 140_000)],
    },
  ]);

const ending = (tokens: number): string =>
  chunk([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop', token_ids: [] }]) +
  chunk([], { usage: { prompt_tokens: 100, completion_tokens: tokens, total_tokens: 100 + tokens } }) +
  'data: [DONE]\n\n';

function play(streams: Stream[]): void {
  const startedAt = performance.now();
  let sent = 0;
  const { tokens, tokenMs } = (streams[0] as Stream).order;
  const step = () => {
    const due = Math.min(tokens, 1 + Math.floor((performance.now() - startedAt) / tokenMs));
    for (; sent < due; sent += 1) {
      const text = token(sent);
      for (const { response } of streams) response.write(text);
    }
    if (sent < tokens) {
      setTimeout(step, Math.max(0, startedAt + sent * tokenMs - performance.now()));
      return;
    }
    for (const { response } of streams) response.end(ending(tokens));
  };
  step();
}

const server = createServer(async (request, response) => {
  if (request.method !== 'POST') {
    response.writeHead(404).end();
    return;
  }
  let body = '';
  for await (const part of request.setEncoding('utf8')) body += part;
  const order = (JSON.parse(body) as { bench: StreamOrder }).bench;
  response.socket?.setNoDelay(true);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  waiting.push({ order, response });
  if (waiting.length >= order.together) play(waiting.splice(0));
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
process.once('SIGTERM', () => process.exit());
