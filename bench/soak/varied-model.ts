import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { prose } from '../history/prose.ts';
import { callText, streamReply } from '../reply-stream.ts';
import { DOCUMENTS } from './documents.ts';

/**
 * A model server whose sessions work as real ones do: they search, open what is there, read a file, and now and then run
 * a command that leaves a file. It thinks for so many seconds, 0.5 to 1.5 times; after so many rounds it answers.
 * Prints its URL. Arguments: rounds, seconds.
 */
const [rounds = 20, seconds = 20] = process.argv.slice(2).map(Number);
const asked = new Map<string, number>();

const server = createServer((request, response) => {
  if (request.method !== 'POST') {
    response.writeHead(404).end();
    return;
  }
  request.resume().on('end', () => {
    const session = String(request.headers['x-session-id']);
    const round = (asked.get(session) ?? 0) + 1;
    if (round > rounds) asked.delete(session);
    else asked.set(session, round);
    const text =
      round > rounds
        ? '<answer>The lamps were lit in spring.</answer>'
        : `<think>\n${prose(round, 600)}${callOf(round)}`;
    const usage = { prompt_tokens: 1000 + 850 * round, completion_tokens: 230 };
    setTimeout(() => streamReply(response, text, usage), seconds * 1000 * (0.5 + Math.random()));
  });
});

function callOf(round: number): string {
  const document = `record-${Math.floor(Math.random() * DOCUMENTS)}.md`;
  switch (round % 10) {
    case 3:
    case 7:
      return callText('visit', { url: [document], goal: 'when the lamps were lit' });
    case 5:
      return callText('bash', {
        command: `echo "round ${round}" >> notes.txt; head -c 20000 /dev/urandom | base64 > data-${round}.txt; wc -c notes.txt`,
      });
    case 8:
      return callText('PythonInterpreter', { code: `print(sum(range(${round * 1000})))` });
    case 9:
      return callText('parse_file', { files: [round > 5 ? 'notes.txt' : 'none.txt'] });
    default:
      return callText('search', {
        query: [`lamps lit in spring ${round}`, `keepers who wrote about tide ${document}`],
      });
  }
}

server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
process.once('SIGTERM', () => process.exit());
