import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Duplex, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type DialOptions, dialer } from '../dial.ts';
import { FetchError } from '../fetch-error.ts';
import { networkFailure } from '../network-failure.ts';
import { checkUrl } from '../web-url.ts';

/** The only way to the network that a page in the browser has. */
export interface GuardedProxy {
  /** As Chromium takes it. */
  server: string;
  username: string;
  password: string;
  /** Whether the page was cut off because it loaded too much. */
  overLimit(): boolean;
  /** Why the last connection to the address's host was not made. */
  failureAt(url: string): FetchError | undefined;
  close(): void;
}

export interface GuardedProxyOptions extends Omit<DialOptions, 'signal'> {
  /** Of all that the page sends and receives, in bytes as they travel. */
  maxBytes: number;
}

/** Meant for one connection, and not for the server behind it. */
const HOP_BY_HOP = /^(proxy-.*|connection|keep-alive|te|trailer|upgrade)$/;

/**
 * An HTTP proxy on the loopback address for one page. Each connection goes through the checks of a plain fetch: the
 * address by `checkUrl`, the name looked up once here, and all its addresses by the policy. Whoever lacks the password
 * is refused, so no other program of this machine has a use for it.
 */
export async function guardedProxy(options: GuardedProxyOptions): Promise<GuardedProxy> {
  const { policy, asked, maxBytes } = options;
  const over = new AbortController();
  const dial = dialer({ ...options, signal: over.signal });
  const username = 'page';
  const password = randomBytes(24).toString('base64url');
  const credentials = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const failures = new Map<string, FetchError>();
  const clients = new Set<Duplex>();
  let bytes = 0;

  const meter = () =>
    new Transform({
      transform(chunk: Buffer, _, done) {
        bytes += chunk.length;
        if (bytes > maxBytes) close();
        done(null, chunk);
      },
    });

  async function connectionTo(url: URL): Promise<Socket> {
    if (over.signal.aborted) throw new FetchError('browser', asked, 'it is closed');
    try {
      const { protocol, hostname, port } = checkUrl(url, { policy }, asked);
      return await dial(hostname, Number(port) || (protocol === 'https:' ? 443 : 80));
    } catch (error) {
      const failure = networkFailure(error, asked, 'headers');
      if (failure instanceof FetchError) failures.set(url.host, failure);
      throw failure;
    }
  }

  /** `CONNECT`: what travels in it is encrypted, or a WebSocket. */
  async function tunnel(incoming: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    client.on('error', () => {});
    if (incoming.headers['proxy-authorization'] !== credentials) return void client.end(refusal(407));
    const url = URL.parse(`https://${incoming.url}/`);
    try {
      if (!url) throw new Error('no address');
      const server = await connectionTo(url);
      client.write('HTTP/1.1 200 Connected\r\n\r\n');
      server.write(head);
      // Either side's end is told to the other; an error ends both.
      await Promise.all([pipeline(server, meter(), client), pipeline(client, meter(), server)]);
    } catch {
      if (client.writable) client.end(refusal(502));
    }
  }

  /** A request without encryption. */
  async function forward(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    if (incoming.headers['proxy-authorization'] !== credentials) {
      answer.writeHead(407, CHALLENGE).end();
      return;
    }
    const url = URL.parse(incoming.url ?? '');
    try {
      if (url?.protocol !== 'http:') throw new Error('no address');
      const socket = await connectionTo(url);
      const { method, headers } = incoming;
      const path = url.pathname + url.search;
      const sent = request({
        createConnection: () => socket,
        method,
        path,
        headers: { ...kept(headers), host: url.host },
      });
      const [received] = await Promise.all([answered(sent), pipeline(incoming, meter(), sent)]);
      answer.writeHead(received.statusCode ?? 502, kept(received.headers));
      await pipeline(received, meter(), answer);
    } catch {
      if (answer.headersSent) answer.destroy();
      else answer.writeHead(502).end();
    }
  }

  const server = createServer((incoming, answer) => void forward(incoming, answer));
  server.on('connect', (incoming, client, head) => void tunnel(incoming, client, head));
  server.on('connection', (client: Socket) => {
    clients.add(client);
    client.once('close', () => clients.delete(client));
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed).listen(0, '127.0.0.1', listening);
  });
  server.unref();

  function close(): void {
    over.abort();
    server.close();
    for (const client of clients) client.destroy();
  }

  return {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    username,
    password,
    overLimit: () => bytes > maxBytes,
    failureAt: (url) => failures.get(URL.parse(url)?.host ?? ''),
    close,
  };
}

const CHALLENGE = { 'proxy-authenticate': 'Basic realm="pages"' };

function refusal(status: 407 | 502): string {
  const challenge = status === 407 ? `proxy-authenticate: ${CHALLENGE['proxy-authenticate']}\r\n` : '';
  return `HTTP/1.1 ${status} Refused\r\n${challenge}content-length: 0\r\nconnection: close\r\n\r\n`;
}

function kept(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.test(name)));
}

const answered = (sent: ReturnType<typeof request>): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    sent.once('response', resolve).once('error', reject);
  });
