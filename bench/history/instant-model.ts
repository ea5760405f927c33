import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { prose } from './prose.ts';

/**
 * A model server that costs nothing to be measured: it reads a request without looking at it and answers at once, with
 * one call of `search` for so many rounds of a session and then an answer. Prints its URL. Arguments: rounds, and
 * characters of a reply.
 */
const [rounds = 0, characters = 0] = process.argv.slice(2).map(Number);
const call = { name: 'search', arguments: { query: ['harbour lamps lit in spring', 'keepers of the tide record'] } };
const wire = `</think>\n\n<tool_call>\n${JSON.stringify(call)}\n</tool_call>`;
const asked = new Map<string, number>();

const event = (chunk: object): string => `data: ${JSON.stringify(chunk)}\n\n`;

const server = createServer((request, response) => {
  if (request.method !== 'POST') {
    response.writeHead(404).end();
    return;
  }
  request.resume().on('end', () => {
    const session = String(request.headers['x-session-id']);
    const round = (asked.get(session) ?? 0) + 1;
    asked.set(session, round);
    const thought = `<think>\n${prose(round, characters - wire.length - 8)}`;
    const text = round > rounds ? '<answer>The lamps were lit in spring.</answer>' : thought + wire;
    const usage = { prompt_tokens: 1000 + 850 * round, completion_tokens: 230 };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(event({ choices: [{ delta: { content: text } }] }));
    response.write(event({ choices: [{ delta: {}, finish_reason: 'stop' }] }));
    response.end(`${event({ choices: [], usage })}data: [DONE]\n\n`);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
process.once('SIGTERM', () => process.exit());
