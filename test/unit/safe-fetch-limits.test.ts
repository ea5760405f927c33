import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createDeflate,
  createDeflateRaw,
  createGzip,
  createZstdCompress,
  gzipSync,
} from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FetchError } from '../../activities/web/fetch-error.ts';
import type { FetchLimits } from '../../activities/web/limits.ts';
import { safeFetch } from '../../activities/web/safe-fetch.ts';
import { httpServer, type LocalServer, PUBLIC, recordingNetwork } from './safe-fetch-network.ts';

const MiB = 1024 * 1024;
const PAGE = 'http://site.example';
const signal = new AbortController().signal;

/** Two-byte repeats: as packable as it gets, and text. */
const block = Buffer.alloc(64 * 1024, 'a ');

function bombOf(bytes: number, compressor: NodeJS.ReadWriteStream): Promise<Buffer> {
  const blocks = (function* () {
    for (let sent = 0; sent < bytes; sent += block.length) yield block;
  })();
  return buffer(Readable.from(blocks).pipe(compressor));
}

/** The most memory that buffers took while something ran, in bytes above what they took before. */
async function peakOf(run: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().arrayBuffers;
  let peak = before;
  const look = () => {
    peak = Math.max(peak, process.memoryUsage().arrayBuffers);
  };
  const timer = setInterval(look, 2);
  await run();
  look();
  clearInterval(timer);
  return peak - before;
}

let server: LocalServer;
let answer: (response: ServerResponse, path: string) => void;
beforeAll(async () => {
  server = await httpServer((request, response) => answer(response, request.url!));
});
afterAll(() => server.close());

async function failure(limits: Partial<FetchLimits> = {}, path = '/page'): Promise<FetchError> {
  const network = recordingNetwork({ 'site.example': [PUBLIC] }, server.port);
  const fetching = safeFetch(`${PAGE}${path}`, { network, limits }, signal);
  const error = await fetching.then(
    (fetched) => fetched,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(FetchError);
  return error as FetchError;
}

const sentence = (reason: string) => `The page at ${PAGE}/page could not be opened: ${reason}.`;

describe('size', () => {
  it('refuses a declared length over the limit before any of it is sent', async () => {
    let closed: Promise<unknown> | undefined;
    answer = (response) => {
      closed = new Promise((resolve) => response.once('close', resolve));
      response.writeHead(200, { 'content-length': 11 * MiB }).flushHeaders();
    };
    const error = await failure();
    expect(error.message).toBe(sentence('it is larger than 10 MB'));
    expect(error.kind).toBe('too-large');
    await closed;
  });

  it('stops an endless body at the limit, and ends the connection', async () => {
    let sent = 0;
    let closed: Promise<unknown> | undefined;
    answer = (response) => {
      closed = new Promise((resolve) => response.once('close', resolve));
      const write = () => {
        if (response.destroyed) return;
        sent += block.length;
        response.write(block, write);
      };
      write();
    };
    const error = await failure({ maxBytes: MiB });
    expect(error.message).toBe(sentence('it is larger than 1 MB'));
    await closed;
    // What the sockets' buffers take in addition is the system's affair.
    expect(sent).toBeLessThan(32 * MiB);
  });

  it('takes a body of exactly the limit, and refuses one byte more', async () => {
    let length = MiB;
    answer = (response) => response.end(Buffer.alloc(length, 'x'));
    const network = recordingNetwork({ 'site.example': [PUBLIC] }, server.port);
    const { bytes } = await safeFetch(`${PAGE}/page`, { network, limits: { maxBytes: MiB } }, signal);
    expect(bytes.length).toBe(MiB);
    length++;
    expect((await failure({ maxBytes: MiB })).kind).toBe('too-large');
  });

  it('refuses headers over their limit', async () => {
    answer = (response) => response.writeHead(200, { 'x-long': 'y'.repeat(70_000) }).end('text');
    expect((await failure()).message).toBe(sentence('the headers of its server’s answer are too large'));
  });
});

describe('compression bombs', () => {
  const SIZE = 256 * MiB;
  const brotli = () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 3 } });
  const codings: [string, () => NodeJS.ReadWriteStream][] = [
    ['gzip', () => createGzip({ level: 1 })],
    ['deflate', () => createDeflate({ level: 1 })],
    ['deflate', () => createDeflateRaw({ level: 1 })],
    ['br', brotli],
    ['zstd', createZstdCompress],
  ];

  it.each(codings)(
    'stops one in %s, holding no more than its limit',
    { timeout: 300_000 },
    async (coding, compressor) => {
      const bomb = await bombOf(SIZE, compressor());
      expect(bomb.length).toBeLessThan(4 * MiB);
      answer = (response) => response.writeHead(200, { 'content-encoding': coding }).end(bomb);
      const peak = await peakOf(async () => {
        const byRatio = await failure();
        expect(byRatio.message).toBe(sentence('its compressed content unpacks to far more than was sent'));
        const bySize = await failure({ maxRatio: Number.POSITIVE_INFINITY });
        expect(bySize.message).toBe(sentence('it is larger than 10 MB'));
      });
      expect(peak).toBeLessThan(48 * MiB);
    },
  );

  it('would show in that measure if one was held whole', async () => {
    const bomb = await bombOf(64 * MiB, createGzip({ level: 1 }));
    answer = (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    const network = recordingNetwork({ 'site.example': [PUBLIC] }, server.port);
    const limits = { maxBytes: 128 * MiB, maxRatio: Number.POSITIVE_INFINITY };
    const peak = await peakOf(() => safeFetch(`${PAGE}/page`, { network, limits }, signal));
    expect(peak).toBeGreaterThan(60 * MiB);
  });

  it('stops one that is packed twice', async () => {
    const bomb = brotliCompressSync(await bombOf(SIZE, createGzip()));
    expect(bomb.length).toBeLessThan(64 * 1024);
    answer = (response) => response.writeHead(200, { 'content-encoding': 'gzip, br' }).end(bomb);
    expect((await failure()).kind).toBe('encoding');
  });

  it('does not begin with three codings', async () => {
    const packed = gzipSync(gzipSync(gzipSync('text')));
    answer = (response) => response.writeHead(200, { 'content-encoding': 'gzip, gzip, gzip' }).end(packed);
    expect((await failure()).message).toBe(sentence('its content is compressed in a way that is not supported'));
  });

  it('gives zstd no window beyond 8 MiB', async () => {
    const wide = await bombOf(20 * MiB, createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: 27 } }));
    answer = (response) => response.writeHead(200, { 'content-encoding': 'zstd' }).end(wide);
    expect((await failure()).message).toBe(sentence('its content could not be unpacked'));
  });
});

describe('time', () => {
  it('ends a server that never answers', async () => {
    answer = () => {};
    const error = await failure({ totalMs: 300 });
    expect(error.message).toBe(sentence('it took longer than 0.3 seconds'));
    expect([error.kind, error.transient]).toEqual(['timeout', true]);
  });

  it('ends headers that come a byte at a time', async () => {
    const timers: NodeJS.Timeout[] = [];
    answer = (response) => {
      response.socket!.write('HTTP/1.1 200 OK\r\nx-slow: ');
      timers.push(setInterval(() => response.socket?.write('y'), 20));
    };
    expect((await failure({ totalMs: 400 })).kind).toBe('timeout');
    for (const timer of timers) clearInterval(timer);
  });

  it.each(['text/html', undefined])('ends a body that drips, before the total is over (%s)', async (type) => {
    let timer: NodeJS.Timeout | undefined;
    answer = (response) => {
      response.writeHead(200, type ? { 'content-type': type } : {}).write('<p>');
      timer = setInterval(() => response.write('z'), 20);
    };
    const error = await failure({ totalMs: 60_000, progressMs: 200 });
    expect(error.message).toBe(sentence('its content came too slowly'));
    clearInterval(timer);
  });

  it('ends a body that stands still after its first bytes, or before them', async () => {
    for (const beginning of ['<p>beginning', '']) {
      answer = (response) => {
        response.writeHead(200, { 'content-type': 'text/html', 'content-length': 5000 }).flushHeaders();
        response.write(beginning);
      };
      expect((await failure({ totalMs: 60_000, progressMs: 150 })).reason).toBe('its content came too slowly');
    }
  });

  it('counts all redirects into the total', async () => {
    answer = (response, path) =>
      void setTimeout(() => response.writeHead(302, { location: `${path}x` }).end(), 100).unref();
    expect((await failure({ totalMs: 250, maxRedirects: 100 })).kind).toBe('timeout');
  });
});

describe('redirects', () => {
  it('ends after five that lead on and on', async () => {
    let requests = 0;
    answer = (response) => response.writeHead(302, { location: `/page?n=${++requests}` }).end();
    expect((await failure()).message).toBe(sentence('it redirects more than 5 times'));
    expect(requests).toBe(6);
  });

  it.each([
    ['itself', () => '/page'],
    ['itself with another fragment', () => '/page#top'],
    ['one that leads back', (path: string) => (path === '/page' ? '/other' : '/page')],
  ])('sees a circle: to %s', async (_what, next) => {
    answer = (response, path) => response.writeHead(301, { location: next(path) }).end();
    expect((await failure()).message).toBe(sentence('it redirects in a circle'));
  });

  it('ends a redirect whose own body never ends', async () => {
    answer = (response, path) => {
      if (path !== '/page') return void response.writeHead(404).end();
      response.writeHead(302, { location: '/gone' }).write('endless');
    };
    expect((await failure()).message).toBe(sentence('its server answered 404'));
  });
});
