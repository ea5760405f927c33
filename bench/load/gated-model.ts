import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { prose } from '../history/prose.ts';
import { callText, streamReply } from '../reply-stream.ts';
import { TOOL } from './sizes.ts';

/**
 * A model server that holds every session at its first call until the gate is opened, so that all of them are open at
 * once; then it answers after so many seconds. It answers without looking at the request: one call of the tool for so
 * many rounds, then an answer. Prints its URL. Arguments: rounds, characters of a reply, seconds.
 *
 * `GET /waiting` tells how many requests wait, `GET /open` opens the gate, `POST /v1/traces` takes spans.
 */
const [rounds = 0, characters = 0, seconds = 0] = process.argv.slice(2).map(Number);
const wire = callText(TOOL, { about: 'the lamps of the harbour' });
const asked = new Map<string, number>();
let gate: (() => void)[] | undefined = [];

const server = createServer((request, response) => {
  if (request.url === '/waiting') response.end(String(gate?.length ?? 0));
  else if (request.url === '/open') {
    for (const go of gate ?? []) go();
    gate = undefined;
    response.end();
  } else if (request.method !== 'POST') response.writeHead(404).end();
  else if (request.url === '/v1/traces') request.resume().on('end', () => response.end('{}'));
  else {
    request.resume().on('end', () => {
      const session = String(request.headers['x-session-id']);
      const reply = () => answer(session);
      const answer = (id: string) => {
        const round = (asked.get(id) ?? 0) + 1;
        asked.set(id, round);
        const thought = `<think>\n${prose(round, characters - wire.length - 8)}`;
        const text = round > rounds ? '<answer>The lamps were lit in spring.</answer>' : thought + wire;
        streamReply(response, text, { prompt_tokens: 1000 + 850 * round, completion_tokens: 230 });
      };
      if (gate) gate.push(reply);
      else setTimeout(reply, seconds * 1000 * (0.5 + Math.random()));
    });
  }
});
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
process.once('SIGTERM', () => process.exit());
