import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the server got it. */
export interface Seen {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingHttpHeaders;
  /** Parsed JSON of the body, if there was one. */
  body: Record<string, unknown> | undefined;
}

export interface Given {
  status?: number;
  headers?: Record<string, string>;
  /** JSON, or text as it is. */
  body?: unknown;
}

/** What the server does with a request: an answer, or `hang` for none at all, or `stall` for half of one. */
export type Behaviour = (request: Seen) => Given | 'hang' | 'stall';

export interface LocalServer {
  url: string;
  requests: Seen[];
  /** The request that came last. */
  last(): Seen;
}

/** Runs with a server on the loopback interface that answers by `behaviour` and keeps what it was asked. */
export async function withServer<T>(behaviour: Behaviour, run: (server: LocalServer) => Promise<T>): Promise<T> {
  const requests: Seen[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const url = new URL(incoming.url ?? '/', 'http://server');
    const seen: Seen = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: incoming.headers,
      body: text ? JSON.parse(text) : undefined,
    };
    requests.push(seen);
    give(response, behaviour(seen));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await run({ url: `http://127.0.0.1:${port}`, requests, last: () => requests.at(-1)! });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function give(response: ServerResponse, given: Given | 'hang' | 'stall'): void {
  if (given === 'hang') return;
  if (given === 'stall') {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"results": [');
    return;
  }
  const text = typeof given.body === 'string' ? given.body : JSON.stringify(given.body ?? {});
  response.writeHead(given.status ?? 200, { 'content-type': 'application/json', ...given.headers });
  response.end(text);
}
