import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, errorBody, invalidBody } from './errors.ts';
import type { LoggedRequest } from './request-log.ts';

/** One request and its answer. */
export interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
  log: LoggedRequest;
  /** Aborts when the client closes the connection before the answer is complete. */
  gone: AbortSignal;
}

/** Largest body taken, in bytes: far beyond any context. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export function openExchange(req: IncomingMessage, res: ServerResponse, log: LoggedRequest): Exchange {
  const gone = new AbortController();
  res.on('close', () => {
    log.endedAt = Date.now();
    if (res.writableFinished) {
      log.status = res.statusCode;
      return;
    }
    // A fault that closes the connection itself is not the client's doing.
    if (!log.fault || log.fault.startsWith('hang')) log.disconnected = true;
    gone.abort();
  });
  return { req, res, log, gone: gone.signal };
}

/** The body as JSON. Throws an ApiError. */
export async function readJson({ req }: Exchange): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of req as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_BODY_BYTES) throw new ApiError(413, `The body is larger than ${MAX_BODY_BYTES} bytes.`);
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch (error) {
    throw invalidBody(error as SyntaxError);
  }
}

export function sendText(
  { res }: Exchange,
  status: number,
  text: string,
  headers: Record<string, string> = { 'content-type': 'text/plain; charset=utf-8' },
): void {
  res.writeHead(status, { 'content-length': String(Buffer.byteLength(text)), ...headers }).end(text);
}

export function sendJson(
  exchange: Exchange,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  sendText(exchange, status, JSON.stringify(body), { 'content-type': 'application/json', ...headers });
}

export const sendError = (exchange: Exchange, error: ApiError): void =>
  sendJson(exchange, error.status, errorBody(error));

/** Writes to a stream, and waits where the client reads slowly. */
export async function write({ res, gone }: Exchange, text: string): Promise<void> {
  gone.throwIfAborted();
  if (!res.write(text)) await once(res, 'drain', { signal: gone });
}

/** Waits until the client closes the connection, or the server does. */
export const untilGone = async ({ gone }: Exchange): Promise<void> => {
  if (!gone.aborted) await once(gone, 'abort');
};
