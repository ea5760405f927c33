import { createServer, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { createMcpHandler, type McpHttpHandler } from '@modelcontextprotocol/server';
import { listen } from '../listen.ts';
import { makeServer } from './tools.ts';

export interface McpHttpServer {
  /** Of its MCP endpoint. */
  url: string;
  /** Headers of the requests so far. */
  requests: IncomingMessage['headers'][];
  close(): Promise<void>;
}

/** The SDK's server over HTTP, in this process. */
export function startMcpHttp(port = 0): Promise<McpHttpServer> {
  const handler = createMcpHandler(() => makeServer());
  return serve(port, (request) => handler.fetch(request), handler);
}

type Send = (message: object) => void;

/**
 * A server written by hand that speaks the protocol of 2025 with sessions: `answer` gets each call of a tool, with what
 * sends an event and what ends the stream.
 */
export function startSessionServer(
  answer: (call: { id: number; name: string }, send: Send, cut: () => void) => void,
  port = 0,
): Promise<McpHttpServer> {
  const session = `session-${Math.random().toString(36).slice(2)}`;
  const json = (body: object, headers = {}) => Response.json({ jsonrpc: '2.0', ...body }, { headers });
  return serve(port, async (request) => {
    if (request.method === 'DELETE') return new Response(null, { status: 200 });
    if (request.method !== 'POST') return new Response(null, { status: 405 });
    const { id, method, params } = (await request.json()) as {
      id?: number;
      method: string;
      params: { name: string; protocolVersion: string };
    };
    if (method === 'initialize') {
      const { protocolVersion } = params;
      const serverInfo = { name: 'by hand', version: '0' };
      return json(
        { id, result: { protocolVersion, capabilities: { tools: {} }, serverInfo } },
        { 'mcp-session-id': session },
      );
    }
    if (request.headers.get('mcp-session-id') !== session) return new Response('Unknown session.', { status: 404 });
    if (id === undefined) return new Response(null, { status: 202 });
    if (method === 'tools/list') {
      const tool = { name: 'ask', description: 'Answers.', inputSchema: { type: 'object' } };
      return json({ id, result: { tools: [tool, { ...tool, name: 'look', annotations: { readOnlyHint: true } }] } });
    }
    if (method !== 'tools/call') return json({ id, error: { code: -32_601, message: 'There is no such method.' } });
    const body = new ReadableStream({
      start(stream) {
        const send: Send = (message) => {
          const event = `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, ...message })}\n\n`;
          stream.enqueue(new TextEncoder().encode(event));
        };
        answer({ id, name: params.name }, send, () => stream.close());
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  });
}

async function serve(
  port: number,
  respond: (request: Request) => Promise<Response>,
  handler?: McpHttpHandler,
): Promise<McpHttpServer> {
  const requests: IncomingMessage['headers'][] = [];
  const server = createServer(async (incoming, outgoing) => {
    requests.push(incoming.headers);
    const stop = new AbortController();
    outgoing.on('close', () => stop.abort());
    const hasBody = incoming.method === 'POST';
    const response = await respond(
      new Request(`http://${incoming.headers.host}${incoming.url}`, {
        method: incoming.method ?? 'GET',
        headers: Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
        signal: stop.signal,
        ...(hasBody ? { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' as const } : {}),
      }),
    );
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    if (response.body)
      Readable.fromWeb(response.body as never)
        .on('error', () => {})
        .pipe(outgoing);
    else outgoing.end();
  });
  const { url, close } = await listen(server, port);
  return {
    url: `${url}/mcp`,
    requests,
    async close() {
      await handler?.close();
      await close();
    },
  };
}
