import type { Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { ToolError } from '../../activities/tools/tool.ts';
import { FetchError } from '../../activities/web/fetch-error.ts';
import { type SafeFetchOptions, safeFetch } from '../../activities/web/safe-fetch.ts';
import { selfSigned } from './safe-fetch-certificate.ts';
import { type LocalServer, listening, PUBLIC, rawServer, recordingNetwork } from './safe-fetch-network.ts';

const signal = new AbortController().signal;
const OK = 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n';
const servers: LocalServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function started(server: Promise<LocalServer>): Promise<LocalServer> {
  servers.push(await server);
  return servers.at(-1)!;
}

async function failure(port: number | undefined, url: string, options: SafeFetchOptions = {}): Promise<FetchError> {
  const network = recordingNetwork({ 'site.example': [PUBLIC] }, port);
  const error = await safeFetch(url, { network, ...options }, signal).then(
    (fetched) => fetched,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(FetchError);
  return error as FetchError;
}

const half = gzipSync('<p>A page with some words in it.</p>'.repeat(50)).subarray(0, 40);
const end = (text: string | Buffer) => (socket: Socket) => void socket.end(text);
const broken: [string, (socket: Socket) => void, kind: string, reason: string][] = [
  [
    'a reset before an answer',
    (socket) => void socket.resetAndDestroy(),
    'connect',
    'its server ended the connection without an answer',
  ],
  [
    'a close before an answer',
    (socket) => void socket.end(),
    'connect',
    'its server ended the connection without an answer',
  ],
  [
    'a reset in the body',
    (socket) =>
      void socket.write(`${OK}content-length: 100\r\n\r\n<p>`, () => setTimeout(() => socket.resetAndDestroy(), 50)),
    'incomplete',
    'the connection ended before all of it had come',
  ],
  [
    'fewer bytes than declared',
    end(`${OK}content-length: 100\r\n\r\n<p>short`),
    'incomplete',
    'the connection ended before all of it had come',
  ],
  [
    'chunks without their end',
    end(`${OK}transfer-encoding: chunked\r\n\r\n5\r\n<p>ab\r\n`),
    'incomplete',
    'the connection ended before all of it had come',
  ],
  [
    'a packed body cut short',
    end(Buffer.concat([Buffer.from(`${OK}content-encoding: gzip\r\ncontent-length: ${half.length}\r\n\r\n`), half])),
    'incomplete',
    'only a part of it came',
  ],
  [
    'text declared as gzip',
    end(`${OK}content-encoding: gzip\r\ncontent-length: 12\r\n\r\n<p>plain</p>`),
    'encoding',
    'its content could not be unpacked',
  ],
  [
    'text declared as br',
    end(`${OK}content-encoding: br\r\ncontent-length: 12\r\n\r\n<p>plain</p>`),
    'encoding',
    'its content could not be unpacked',
  ],
  [
    'text declared as zstd',
    end(`${OK}content-encoding: zstd\r\ncontent-length: 12\r\n\r\n<p>plain</p>`),
    'encoding',
    'its content could not be unpacked',
  ],
  [
    'an unknown coding',
    end(`${OK}content-encoding: dcb\r\ncontent-length: 12\r\n\r\n<p>plain</p>`),
    'encoding',
    'its content is compressed in a way that is not supported',
  ],
  ['a negative length', end(`${OK}content-length: -5\r\n\r\n<p>`), 'protocol', 'its server’s answer is not valid HTTP'],
  [
    'two lengths',
    end(`${OK}content-length: 3\r\ncontent-length: 4\r\n\r\n<p>`),
    'incomplete',
    'only a part of it came',
  ],
  [
    'broken chunks',
    end(`${OK}transfer-encoding: chunked\r\n\r\nzz\r\n<p>`),
    'protocol',
    'its server’s answer is not valid HTTP',
  ],
  ['another protocol', end('SSH-2.0-OpenSSH_9.6\r\n'), 'protocol', 'its server’s answer is not valid HTTP'],
  ['a redirect to nowhere', end('HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n'), 'http', 'its server answered 302'],
  [
    'a redirect that is no address',
    end('HTTP/1.1 302 Found\r\nlocation: http://[\r\ncontent-length: 0\r\n\r\n'),
    'url',
    'it redirects to an address that is not a valid web address',
  ],
];

describe('broken answers', () => {
  it.each(broken)('%s', async (_what, answer, kind, reason) => {
    const { port } = await started(rawServer(answer));
    const error = await failure(port, 'http://site.example/a/b?token=s3cret#part');
    expect(error.message).toBe(`The page at http://site.example/a/b?… could not be opened: ${reason}.`);
    expect(error.kind).toBe(kind);
  });

  it('takes the declared part where more is sent', async () => {
    const { port } = await started(rawServer(end(`${OK}content-length: 10\r\n\r\n<p>tenmore than declared`)));
    const network = recordingNetwork({ 'site.example': [PUBLIC] }, port);
    const { bytes } = await safeFetch('http://site.example/', { network }, signal);
    expect(Buffer.from(bytes).toString()).toBe('<p>tenmore');
  });

  it.each([400, 401, 403, 404, 410, 429, 451, 500, 503])('says status %i', async (status) => {
    const { port } = await started(rawServer(end(`HTTP/1.1 ${status} x\r\ncontent-length: 4\r\n\r\nbody`)));
    const error = await failure(port, 'http://site.example/');
    expect(error.message).toBe(`The page at http://site.example/ could not be opened: its server answered ${status}.`);
    expect([error.status, error.transient]).toEqual([status, [429, 500, 503].includes(status)]);
  });
});

describe('no connection', () => {
  it('says that a name is unknown, and nothing of the resolver', async () => {
    const error = await failure(undefined, 'http://nowhere.example/');
    expect(error.reason).toBe('no server of that name was found');
    expect(error.message).not.toContain('10.0.0.53');
    expect(error.cause).toBeUndefined();
  });

  it.each([
    ['EAI_AGAIN', 'dns', 'the name of its server could not be looked up'],
    ['ESERVFAIL', 'dns', 'the name of its server could not be looked up'],
    ['ECONNREFUSED', 'connect', 'its server refused the connection'],
    ['EHOSTUNREACH', 'connect', 'its server could not be reached'],
    ['ETIMEDOUT', 'timeout', 'its server could not be reached in time'],
  ])('%s', async (code, kind, reason) => {
    const resolve = () => Promise.reject(Object.assign(new Error(`${code} 192.168.7.7:80`), { code }));
    const network = { ...recordingNetwork({}), resolve };
    const error = await failure(undefined, 'http://site.example/', { network });
    expect([error.kind, error.reason]).toEqual([kind, reason]);
  });

  it('refuses a closed port', async () => {
    const server = await listening((await import('node:net')).createServer());
    await server.close();
    const error = await failure(server.port, 'http://site.example/');
    expect(error.reason).toBe('its server refused the connection');
  });

  it('does not hide a bug behind a sentence', async () => {
    const bug = new TypeError('undefined is not a function');
    const network = { ...recordingNetwork({}), resolve: () => Promise.reject(bug) };
    await expect(safeFetch('http://site.example/', { network }, signal)).rejects.toBe(bug);
  });
});

describe('cancelling', () => {
  it('rejects with the reason of the signal, wherever it is', async () => {
    const silent = await started(rawServer(() => {}));
    const begun = await started(rawServer((socket) => void socket.write(`${OK}\r\n<p>begun`)));
    const unresolved = { ...recordingNetwork({}), resolve: () => new Promise<string[]>(() => {}) };
    const networks = [silent.port, begun.port].map((port) => recordingNetwork({ 'site.example': [PUBLIC] }, port));
    for (const network of [...networks, unresolved]) {
      const cancel = new AbortController();
      const fetching = safeFetch('http://site.example/', { network }, cancel.signal);
      setTimeout(() => cancel.abort(new Error('cancelled')), 50);
      await expect(fetching).rejects.toThrow('cancelled');
    }
    await expect(safeFetch('http://site.example/', {}, AbortSignal.abort(new Error('before')))).rejects.toThrow(
      'before',
    );
  });
});

describe('TLS', () => {
  const certificate = selfSigned('site.example');

  function tlsServer(own = certificate, seen: string[] = []): Promise<LocalServer> {
    const server = createTlsServer({ key: own.key, cert: own.cert }, (socket) => {
      socket.on('error', () => {});
      socket.once('data', (request) => {
        seen.push(String(socket.servername), /^host: (.*)$/im.exec(request.toString())![1]!);
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecure');
      });
    });
    server.on('tlsClientError', () => {});
    return started(listening(server));
  }

  it('asks for the name and checks the certificate for it, connected to the checked address', async () => {
    const seen: string[] = [];
    const { port } = await tlsServer(certificate, seen);
    const network = recordingNetwork({ 'site.example': [PUBLIC, '2606:4700::1111'] }, port);
    const { bytes } = await safeFetch('https://site.example./', { network, ca: [certificate.cert] }, signal);
    expect(Buffer.from(bytes).toString()).toBe('secure');
    expect(seen).toEqual(['site.example', 'site.example']);
    expect(network.connections).toEqual([`${PUBLIC},2606:4700::1111:443`]);
  });

  it('says what is wrong with a certificate', async () => {
    const expired = selfSigned('site.example', '210101000000Z');
    const other = selfSigned('other.example');
    const cases = [
      [certificate, undefined, 'is not from a trusted authority'],
      [expired, expired, 'has expired'],
      [other, other, 'is for another name'],
    ] as const;
    for (const [served, trusted, what] of cases) {
      const { port } = await tlsServer(served);
      const error = await failure(port, 'https://site.example/', { ca: trusted ? [trusted.cert] : [] });
      expect([error.kind, error.reason]).toEqual(['tls', `its server’s security certificate ${what}`]);
    }
  });

  it.each([
    ['speaks plain HTTP', end('HTTP/1.1 400 Bad Request\r\n\r\n'), 'tls'],
    ['sends an alert', end(Buffer.from('15030300020228', 'hex')), 'tls'],
    ['closes', end(''), 'connect'],
    ['says nothing', () => {}, 'timeout'],
  ] as const)('fails when the server %s', async (_what, answer, kind) => {
    const { port } = await started(rawServer(answer));
    const error = await failure(port, 'https://site.example/', { limits: { connectMs: 300 } });
    expect(error.kind).toBe(kind);
    expect(error.message).not.toMatch(/127\.0\.0\.1|93\.184/);
  });
});

it('is a sentence for the model', () => {
  const error = new FetchError('url', 'ftp://me:pw@host/file?key=1', 'because');
  expect(error).toBeInstanceOf(ToolError);
  expect(error.message).toBe('The page at "ftp://host/file?…" could not be opened: because.');
  expect(new FetchError('url', `http://site.example/${'a'.repeat(5000)}`, 'x').message.length).toBeLessThan(260);
});
