import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CancelledFailure } from '@temporalio/common';
import { ENTRIES, toolAt } from '../../activities/tool-service/entries.ts';
import type { ServedTool } from '../../activities/tools/served-tool.ts';
import { redact } from '../../protocol/redact.ts';
import type { ToolName } from '../../protocol/tool-call.ts';
import { BadRequest, type CallOptions, readCall, runCall } from './call.ts';

export interface ToolkitsOptions extends CallOptions {
  tools: readonly ServedTool[];
  /** For calls with `use_cache: false`. */
  uncached: readonly ServedTool[];
  host: string;
  /** 0 takes one that is free. */
  port: number;
  /** Gets a line for each request. */
  log(line: string): void;
}

export interface Toolkits {
  url: string;
  /** Takes no more calls and waits this long for those that run; then they are stopped. */
  close(graceMs: number): Promise<void>;
}

/** Far above what a model writes; a body is held in memory. */
const MOST_BYTES = 32 * 1024 * 1024;

/** An answer before it is sent. */
interface Answer {
  status: number;
  body: string;
  type?: string;
  conversation?: string;
}

const problem = (status: number, sentence: string): Answer => ({ status, body: sentence, type: 'text/plain' });

/** Serves tools with the API of the original's tool service. @throws Error where it cannot listen */
export async function startToolkits(options: ToolkitsOptions): Promise<Toolkits> {
  const running = new Set<AbortController>();
  const server = createServer((request, response) => {
    const began = performance.now();
    const stop = new AbortController();
    running.add(stop);
    // The reason is the one for which commands are stopped: whoever asked waits no more.
    response.on('close', () => {
      if (!response.writableFinished) stop.abort(new CancelledFailure('CANCELLED'));
    });
    void answerTo(request, stop.signal, options)
      .catch((error: unknown) => {
        if (stop.signal.aborted) return problem(503, 'The tool service is being stopped.');
        return problem(500, `Internal error: ${redact(error instanceof Error ? error.message : String(error))}`);
      })
      .then((answer) => {
        send(response, answer);
        running.delete(stop);
        options.log(redact(logLine(request, answer, performance.now() - began, stop.signal.aborted)));
      });
  });
  // A call may take its 15 minutes; a client that sends slowly may not hold a connection for ever.
  server.requestTimeout = 60_000;
  server.listen(options.port, options.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'another program listens there' : code;
    throw new Error(`--host, --port: cannot listen at ${options.host}:${options.port} (${why}).`, { cause: error });
  }
  return { url: urlOf(server, options.host), close: (graceMs) => closeServer(server, running, graceMs) };
}

async function answerTo(request: IncomingMessage, signal: AbortSignal, options: ToolkitsOptions): Promise<Answer> {
  const path = URL.parse(request.url ?? '', 'http://localhost')?.pathname.replace(/^\/+|\/+$/g, '') ?? '';
  // A page in a browser of this machine must not run code here.
  if (request.headers.origin !== undefined) return problem(403, 'Calls from browsers are refused.');
  if (path === '' || path === 'health') return { status: 200, body: JSON.stringify({ tools: entriesOf(options) }) };
  const name = toolAt(path) ?? path;
  const tool = options.tools.find((one) => one.name === name);
  if (!tool) return problem(404, `There is no tool "${path}" here; there are ${entriesOf(options).join(', ')}.`);
  if (request.method !== 'POST') return problem(405, `Call ${path} with POST.`);
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    return problem(415, 'The body must be of the type application/json.');
  }
  try {
    const call = readCall(await bodyOf(request));
    const served = call.useCache ? tool : (options.uncached.find((one) => one.name === name) ?? tool);
    const result = await runCall(served, call, signal, options);
    return { status: 200, body: JSON.stringify({ result }), conversation: call.conversation };
  } catch (error) {
    if (error instanceof BadRequest) return problem(400, error.message);
    throw error;
  }
}

/** The entries that are served, and beside them tools of one's own. */
const entriesOf = ({ tools }: ToolkitsOptions): string[] =>
  tools.map(({ name }) => (name in ENTRIES ? ENTRIES[name as ToolName].path : name));

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new BadRequest('The body is larger than 32 MiB.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, { status, body, type = 'application/json' }: Answer): void {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end(body);
}

function logLine({ method, url }: IncomingMessage, answer: Answer, ms: number, left: boolean): string {
  // The client chooses the path; a line end in it would forge a line.
  const path = JSON.stringify((url ?? '').slice(0, 200)).slice(1, -1);
  const facts = [
    new Date().toISOString(),
    `${method} ${path}`,
    left ? 'stopped' : String(answer.status),
    `${Math.round(ms)} ms`,
    `${Buffer.byteLength(answer.body)} bytes`,
    ...(answer.conversation === undefined ? [] : [answer.conversation]),
  ];
  return facts.join(' ');
}

function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function closeServer(server: Server, running: Set<AbortController>, graceMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    for (const stop of running) stop.abort(new CancelledFailure('CANCELLED'));
  }, graceMs);
  await closed;
  clearTimeout(timer);
}
