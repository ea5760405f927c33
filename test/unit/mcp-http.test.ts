import { createServer } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { McpServersFailed } from '../../activities/mcp/index.ts';
import { listen } from '../support/listen.ts';
import { startMcpHttp, startSessionServer } from '../support/mcp/http.ts';
import { openTools } from '../support/mcp/open.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const opened = async <T extends { close(): Promise<unknown> }>(opening: Promise<T>): Promise<T> => {
  const it = await opening;
  open.push(it);
  return it;
};

const portOf = (url: string) => Number(new URL(url).port);

test('a server at an address, with headers of the configuration', async () => {
  const server = await opened(startMcpHttp());
  const harbour = await opened(
    openTools({ harbour: { url: server.url, headers: { Authorization: 'Bearer abcdef' } } }),
  );
  expect((await harbour.call('tide', { harbour: 'Emden' })).text).toMatch(/^Emden: high water/);
  await expect(harbour.call('tide', { harbour: 'Atlantis' })).rejects.toThrow('There is no such harbour.');
  expect(server.requests.every(({ authorization }) => authorization === 'Bearer abcdef')).toBe(true);
});

test('a server that was started anew is used again', async () => {
  const first = await startMcpHttp();
  const harbour = await opened(openTools({ harbour: { url: first.url } }));
  await first.close();
  await expect(harbour.call('tide', { harbour: 'Emden' })).rejects.toMatchObject({
    name: 'TryLater',
    output: {
      text: `tide: the MCP server "harbour" gave no result: no server answers at ${first.url} (ECONNREFUSED).`,
      failed: true,
    },
  });
  await opened(startMcpHttp(portOf(first.url)));
  // Not before the pause after a start that failed.
  await expect
    .poll(() => harbour.call('tide', { harbour: 'Emden' }).then(({ text }) => text), { timeout: 15_000, interval: 500 })
    .toMatch(/^Emden/);
}, 20_000);

/** Answers every call with this. */
const saying =
  (message: object): Parameters<typeof startSessionServer>[0] =>
  (_, send, cut) => {
    send(message);
    cut();
  };

const result = (text: string) => ({ result: { content: [{ type: 'text', text }] } });

test('a session that the server has forgotten is opened again', async () => {
  const first = await startSessionServer(saying(result('one')));
  const tools = await opened(openTools({ hand: { url: first.url } }));
  expect(tools.names).toEqual(['ask', 'look']);
  expect((await tools.call('ask')).text).toBe('one');
  await first.close();
  await opened(startSessionServer(saying(result('two')), portOf(first.url)));
  expect((await tools.call('ask')).text).toBe('two');
});

test('an answer that is cut off: asked again where that does no harm', async () => {
  let calls = 0;
  const server = await opened(
    startSessionServer((_, send, cut) => {
      calls += 1;
      if (calls > 1) send(result('at last'));
      cut();
    }),
  );
  const tools = await opened(openTools({ hand: { url: server.url } }));
  expect((await tools.call('look')).text).toBe('at last');
  calls = 0;
  await expect(tools.call('ask')).rejects.toThrow(
    'ask: the MCP server "hand" was lost during this call; whether it took effect is not known.',
  );
  expect(calls).toBe(1);
});

test('a call whose answer is cut off does not cost the others', async () => {
  const others: (() => void)[] = [];
  const server = await opened(
    startSessionServer(({ name }, send, cut) => {
      if (name === 'ask') return cut();
      others.push(() => {
        send(result('unhurt'));
        cut();
      });
    }),
  );
  const tools = await opened(openTools({ hand: { url: server.url } }));
  const other = tools.call('look');
  await expect.poll(() => others.length).toBe(1);
  await expect(tools.call('ask')).rejects.toThrow('was lost during this call');
  others[0]?.();
  expect((await other).text).toBe('unhurt');
});

test('an error of the protocol is a sentence, and final', async () => {
  const server = await opened(startSessionServer(saying({ error: { code: -32_000, message: 'The well is dry' } })));
  const tools = await opened(openTools({ hand: { url: server.url } }));
  await expect(tools.call('ask')).rejects.toMatchObject({
    name: 'ToolError',
    message: 'ask: the MCP server "hand" gave no result: it says: The well is dry.',
  });
});

test('a call that is given up closes its request', async () => {
  const server = await opened(startSessionServer((_, send) => send({ method: 'notifications/message', params: {} })));
  const tools = await opened(openTools({ hand: { url: server.url, timeoutSeconds: 0.3 } }));
  await expect(tools.call('look')).rejects.toThrow('look was stopped: it did not finish within 0.3 s.');
});

test.each([
  [401, 'the server at URL refused the credentials (401)'],
  [500, 'the server at URL answered with the status 500'],
])('a server that answers with %i at the start', async (status, reason) => {
  const http = await opened(
    listen(
      createServer((_, response) => {
        response.writeHead(status).end('secret-token-1 is wrong');
      }),
    ),
  );
  const server = { url: `${http.url}/mcp?key=secret-token-1`, headers: { 'x-key': 'secret-token-2' } };
  const failed = await openTools({ far: server }).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(McpServersFailed);
  expect((failed as Error).message).toBe(
    `the MCP server "far" cannot be used: ${reason.replace('URL', `${http.url}/mcp?…`)}`,
  );
});
