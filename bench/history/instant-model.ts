import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callText, streamReply } from '../reply-stream.ts';
import { prose } from './prose.ts';

/**
 * A model server that costs nothing to be measured: it reads a request without looking at it and answers at once, with
 * one call of `search` for so many rounds of a session and then an answer. Prints its URL. Arguments: rounds, characters
 * of a reply, and milliseconds before each.
 */
const [rounds = 0, characters = 0, thinkMs = 0] = process.argv.slice(2).map(Number);
const wire = callText('search', { query: ['harbour lamps lit in spring', 'keepers of the tide record'] });
const asked = new Map<string, number>();
const BYTES_A_TOKEN = 4;

const server = createServer((request, response) => {
  if (request.method !== 'POST') {
    response.writeHead(404).end();
    return;
  }
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('end', () => {
    const session = String(request.headers['x-session-id']);
    const round = (asked.get(session) ?? 0) + 1;
    asked.set(session, round);
    const thought = `<think>\n${prose(round, characters - wire.length - 8)}`;
    const text = round > rounds ? '<answer>The lamps were lit in spring.</answer>' : thought + wire;
    const usage = { prompt_tokens: Math.round(bytes / BYTES_A_TOKEN), completion_tokens: 230 };
    if (thinkMs === 0) streamReply(response, text, usage);
    else setTimeout(streamReply, thinkMs, response, text, usage);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
process.once('SIGTERM', () => process.exit());
