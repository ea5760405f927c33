import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { DataConverter } from '@temporalio/common';
import { decodePayloads, encodePayloads, PayloadsInvalid } from './payloads.ts';

export interface CodecServerOptions {
  host: string;
  port: number;
  /** Web UIs that may ask, as `http://localhost:8233`. Requests from other pages are refused. */
  origins: readonly string[];
  /** Expected as `Authorization: Bearer …`. Default: none. */
  token?: string;
  converter: DataConverter;
}

/** Twenty payloads of Temporal's largest size, in base64. */
const MOST_BYTES = 56 * 1024 * 1024;

const HEADERS = 'content-type, x-namespace, authorization';

/** The remote codec of Temporal's tools: `POST …/decode` and `…/encode` of `{"payloads": […]}`. Resolves when it listens. */
export async function startCodecServer(options: CodecServerOptions): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch((error: Error) => {
      const status = error instanceof Refused ? error.status : error instanceof PayloadsInvalid ? 400 : 500;
      reply(response, status, { error: error.message });
    });
  });
  await listening(server, options);
  const { port } = server.address() as { port: number };
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { origins, token, converter }: CodecServerOptions,
): Promise<void> {
  const { origin } = request.headers;
  if (origin !== undefined && !origins.includes(origin)) {
    throw new Refused(403, `Pages of ${origin} may not ask; --origin allows one.`);
  }
  if (origin !== undefined) {
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-allow-credentials', 'true');
    response.setHeader('vary', 'origin');
  }
  if (request.method === 'OPTIONS') {
    response.setHeader('access-control-allow-methods', 'POST');
    response.setHeader('access-control-allow-headers', HEADERS);
    response.setHeader('access-control-max-age', '600');
    // A page of the internet asks a server of this machine.
    if (request.headers['access-control-request-private-network']) {
      response.setHeader('access-control-allow-private-network', 'true');
    }
    response.writeHead(204).end();
    return;
  }
  const [, work] = /\/(encode|decode)\/?$/.exec(new URL(request.url ?? '/', 'http://x').pathname) ?? [];
  if (work === undefined) throw new Refused(404, 'There are …/encode and …/decode.');
  if (request.method !== 'POST') throw new Refused(405, 'Only POST.');
  if (token !== undefined && !isToken(request.headers.authorization, token)) {
    throw new Refused(401, 'The token is missing or wrong (DEEP_RESEARCH_CODEC_TOKEN).');
  }
  const body = await textOf(request);
  reply(
    response,
    200,
    work === 'decode' ? await decodePayloads(body, converter) : await encodePayloads(body, converter),
  );
}

function isToken(given: string | undefined, token: string): boolean {
  const [one, other] = [Buffer.from(given ?? ''), Buffer.from(`Bearer ${token}`)];
  return one.length === other.length && timingSafeEqual(one, other);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new Refused(413, `More than ${MOST_BYTES} bytes.`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function reply(response: ServerResponse, status: number, value: unknown): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(value));
}

const listening = (server: Server, { port, host }: CodecServerOptions) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
