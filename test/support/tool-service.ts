import { createServer, type IncomingHttpHeaders } from 'node:http';
import { listen } from './listen.ts';

/** A request as the stand-in got it. */
export interface ServiceRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** The bytes of the body as text. */
  text: string;
  /** The connection was closed before the answer. */
  aborted: boolean;
}

/** What the stand-in answers; `destroy` breaks the connection, `silent` never answers. */
export type ServiceAnswer = { status?: number; body: string } | 'destroy' | 'silent';

export interface ToolServiceStandIn {
  url: string;
  requests: ServiceRequest[];
  close(): Promise<void>;
}

/** A local stand-in for a tool service, on a port of its own or a given one. */
export async function startToolService(
  answer: (request: ServiceRequest, index: number) => ServiceAnswer,
  port = 0,
): Promise<ToolServiceStandIn> {
  const requests: ServiceRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const request = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      text: Buffer.concat(chunks).toString('utf8'),
      aborted: false,
    };
    response.on('close', () => {
      request.aborted = !response.writableEnded;
    });
    requests.push(request);
    const told = answer(request, requests.length - 1);
    if (told === 'silent') return;
    if (told === 'destroy') return void response.destroy();
    response.writeHead(told.status ?? 200, { 'content-type': 'application/json' }).end(told.body);
  });
  return { requests, ...(await listen(server, port)) };
}

export const result = (value: unknown): ServiceAnswer => ({ body: JSON.stringify({ result: value }) });
