import { createServer, type IncomingHttpHeaders } from 'node:http';
import { listen } from '../listen.ts';

/** A request as the server got it. */
export interface ApiRequest {
  path: string;
  headers: IncomingHttpHeaders;
  /** The body's bytes as text. */
  text: string;
  body: Record<string, unknown>;
}

/** An answer; its body is written in pieces. `cut` breaks the connection behind the last one. */
export interface ApiAnswer {
  status?: number;
  headers?: Record<string, string>;
  body: string | Buffer[];
  cut?: true;
}

export interface ModelApi {
  url: string;
  requests: ApiRequest[];
  close(): Promise<void>;
}

/** What a model says in one reply, before it is put into an API's form. */
export interface Said {
  reasoning?: string;
  text?: string;
  calls?: { name: string; arguments: Record<string, unknown> }[];
}

/** Bytes of a piece: small, so that characters and lines are cut. */
const PIECE = 7;

/** A local stand-in for a model API, on a port of its own. `index` counts the requests from 0. */
export async function startModelApi(answer: (request: ApiRequest, index: number) => ApiAnswer): Promise<ModelApi> {
  const requests: ApiRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    if (incoming.method !== 'POST') {
      response.writeHead(404).end();
      return;
    }
    const request = { path: incoming.url ?? '', headers: incoming.headers, text, body: JSON.parse(text) };
    requests.push(request);
    const { status = 200, headers, body, cut } = answer(request, requests.length - 1);
    response.writeHead(status, { 'content-type': 'text/event-stream', ...headers });
    for (const piece of typeof body === 'string' ? pieces(Buffer.from(body)) : body) {
      response.write(piece);
      await new Promise(setImmediate);
    }
    if (cut) response.destroy();
    else response.end();
  });
  return { requests, ...(await listen(server)) };
}

function pieces(bytes: Buffer): Buffer[] {
  const size = Math.max(PIECE, Math.ceil(bytes.length / 400));
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size));
}

/** Texts in two halves, as streams cut them. */
export const halves = (text: string): string[] =>
  text.length < 2 ? [text] : [text.slice(0, text.length >> 1), text.slice(text.length >> 1)];
