import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addressPolicy } from '../../activities/web/address.ts';
import { readPage } from '../../activities/web/read-page.ts';
import { type Fetched, type SafeFetchOptions, safeFetch, userAgent } from '../../activities/web/safe-fetch.ts';
import { httpServer, type LocalServer, PUBLIC, recordingNetwork } from './safe-fetch-network.ts';

const NAMES = { 'site.example': [PUBLIC], 'other.example': ['93.184.215.15'], 'wiki.corp': ['10.0.0.5'] };
const signal = new AbortController().signal;

let server: LocalServer;
let answer: (response: ServerResponse, path: string) => void;
const requests: { path: string; headers: IncomingHttpHeaders }[] = [];
beforeAll(async () => {
  server = await httpServer((request, response) => {
    requests.push({ path: request.url!, headers: request.headers });
    answer(response, request.url!);
  });
});
afterAll(() => server.close());

function get(url = 'http://site.example/', options: SafeFetchOptions = {}): Promise<Fetched> {
  requests.length = 0;
  return safeFetch(url, { network: recordingNetwork(NAMES, server.port), ...options }, signal);
}

function serve(body: Buffer | string, type?: string, coding?: string): void {
  answer = (response) => {
    const headers: Record<string, string> = {};
    if (type !== undefined) headers['content-type'] = type;
    if (coding !== undefined) headers['content-encoding'] = coding;
    response.writeHead(200, headers).end(body);
  };
}

const text = ({ bytes, charset }: Fetched) => new TextDecoder(charset).decode(bytes);

describe('requests', () => {
  it('says who asks, keeps the host, and sends neither cookies nor a fragment', async () => {
    answer = (response) => response.writeHead(200, { 'set-cookie': 'id=1' }).end('text');
    const options = {
      userAgent: userAgent('https://lab.example/bot'),
      headers: { Cookie: 'a=b', Host: 'evil.example' },
    };
    await get('http://site.example/a?b=c#d', options);
    await get('http://site.example/a?b=c#d', options);
    expect(requests).toHaveLength(1);
    expect(requests[0]!.path).toBe('/a?b=c');
    const { host, cookie, 'user-agent': agent } = requests[0]!.headers;
    expect([host, cookie, agent]).toEqual([
      'site.example',
      undefined,
      'temporal-deep-research (+https://lab.example/bot)',
    ]);
  });

  it('follows redirects, and keeps own headers within the first origin only', async () => {
    const next: Record<string, string> = {
      '/': '/second',
      '/second': 'http://other.example/third',
      '/third': 'http://site.example/fourth',
    };
    answer = (response, path) => {
      if (next[path] === undefined) response.end('<h1>There</h1>');
      else response.writeHead(307, { location: next[path] }).end();
    };
    const fetched = await get('http://site.example/', { headers: { authorization: 'Bearer k' } });
    expect([fetched.url, fetched.finalUrl]).toEqual(['http://site.example/', 'http://site.example/fourth']);
    const sent = requests.map(({ headers }) => [headers.host, headers.authorization]);
    expect(sent).toEqual([
      ['site.example', 'Bearer k'],
      ['site.example', 'Bearer k'],
      ['other.example', undefined],
      ['site.example', undefined],
    ]);
  });

  it('understands redirects in UTF-8', async () => {
    answer = (response, path) => {
      if (path !== '/') response.end('text');
      else response.writeHead(302, { location: Buffer.from('/页').toString('latin1') }).end();
    };
    expect((await get()).finalUrl).toBe('http://site.example/%E9%A1%B5');
  });

  it('asks before each request whether it may', async () => {
    answer = (response, path) => (path === '/' ? response.writeHead(302, { location: '/b' }).end() : response.end('b'));
    const asked: string[] = [];
    const permit = async (url: URL) => {
      asked.push(url.pathname);
      if (url.pathname === '/b') throw new Error('not this one');
    };
    await expect(get('http://site.example/', { permit })).rejects.toThrow('not this one');
    expect([asked, requests.length]).toEqual([['/', '/b'], 1]);
  });

  it('reaches listed hosts of an intranet and listed ports', async () => {
    serve('inside');
    const policy = addressPolicy(['wiki.corp']);
    expect(text(await get('http://wiki.corp/', { policy }))).toBe('inside');
    expect(text(await get('http://site.example:81/', { ports: [81] }))).toBe('inside');
    await expect(get('http://site.example:81/')).rejects.toThrow('has a port that is not used for web pages');
    expect(text(await get('http://site.example:8080/'))).toBe('inside');
  });
});

describe('compression', () => {
  const page = '<!doctype html><title>Packed</title>'.repeat(100);
  it.each([
    ['gzip', gzipSync(page)],
    ['x-gzip', gzipSync(page)],
    ['deflate', deflateSync(page)],
    ['deflate', deflateRawSync(page)],
    ['br', brotliCompressSync(page)],
    ['ZSTD', zstdCompressSync(page)],
    ['gzip, br', brotliCompressSync(gzipSync(page))],
    ['identity', Buffer.from(page)],
  ])('unpacks %s', async (coding, packed) => {
    serve(packed, 'text/html', coding);
    expect(text(await get())).toBe(page);
    expect(requests[0]!.headers['accept-encoding']).toBe('gzip, deflate, br, zstd');
  });

  it.each(['gzip', undefined])('takes an empty body (%s)', async (coding) => {
    serve('', 'text/html', coding);
    expect((await get()).bytes.length).toBe(0);
  });
});

describe('character sets', () => {
  const utf16 = (string: string) => Buffer.from(string, 'utf16le');
  const html = (charset: string, word: Buffer) =>
    Buffer.concat([Buffer.from(`<html><head><meta charset="${charset}"></head><p>`), word, Buffer.from('</p>')]);
  const gb2312 = Buffer.from('d6d0cec4', 'hex');
  const shiftJis = Buffer.from('93fa967b8cea', 'hex');
  const latin1 = Buffer.from('caf\xe9 \x80', 'latin1');
  const table: [string, Buffer, string | undefined, word: string, charset: string | undefined][] = [
    ['gb2312 by header', gb2312, 'text/html; charset=gb2312', '中文', 'gbk'],
    ['gb2312 by meta', html('gb2312', gb2312), 'text/html', '中文', 'gbk'],
    [
      'gb2312 by http-equiv',
      Buffer.concat([Buffer.from('<meta http-equiv="Content-Type" content="text/html; charset=gb2312">'), gb2312]),
      'text/html',
      '中文',
      'gbk',
    ],
    ['shift_jis by header', shiftJis, 'text/plain; charset="Shift_JIS"', '日本語', 'shift_jis'],
    ['shift_jis by meta', html('shift_jis', shiftJis), 'text/html', '日本語', 'shift_jis'],
    [
      'euc-kr by XML declaration',
      Buffer.concat([Buffer.from('<?xml version="1.0" encoding="euc-kr"?><a>'), Buffer.from('c7d1', 'hex')]),
      'application/xml',
      '한',
      'euc-kr',
    ],
    [
      'utf-16 by mark',
      Buffer.concat([Buffer.of(0xff, 0xfe), utf16('<html><p>Жук</p>')]),
      'text/html',
      'Жук',
      'utf-16le',
    ],
    [
      'utf-16, big-endian, by mark',
      Buffer.concat([Buffer.of(0xfe, 0xff), utf16('<html>Жук').swap16()]),
      undefined,
      'Жук',
      'utf-16be',
    ],
    ['utf-16 by header', utf16('<html>Жук'), 'text/html; charset=utf-16', 'Жук', 'utf-16le'],
    ['latin1 by header', latin1, 'text/html; charset=ISO-8859-1', 'café €', 'windows-1252'],
    ['a mark goes before the header', Buffer.from('\ufeffé'), 'text/html; charset=latin1', 'é', 'utf-8'],
    ['the header goes before the meta tag', html('gb2312', Buffer.from('é')), 'text/html; charset=utf-8', 'é', 'utf-8'],
    ['an unknown name is passed over', html('gb2312', gb2312), 'text/html; charset=none', '中文', 'gbk'],
    [
      'a commented meta tag is passed over',
      Buffer.from('<!-- <meta charset="gbk"> --><html>é'),
      'text/html',
      'é',
      undefined,
    ],
    ['a meta tag cannot say utf-16', html('utf-16', Buffer.from('é')), 'text/html', 'é', 'utf-8'],
    ['nothing is said', Buffer.from('é'), 'text/plain', 'é', undefined],
  ];

  it.each(table)('%s', async (_what, bytes, type, word, charset) => {
    serve(bytes, type);
    const fetched = await get();
    expect(fetched.charset).toBe(charset);
    expect(text(fetched)).toContain(word);
  });
});

describe('readPage', () => {
  it('hands the reader what is known of the bytes', async () => {
    answer = (response, path) => {
      if (path === '/') response.writeHead(302, { location: '/page' }).end();
      else response.writeHead(200, { 'content-type': 'text/html; charset=GBK' }).end('<p>text');
    };
    const options = { network: recordingNetwork(NAMES, server.port) };
    const hints: unknown[] = [];
    const reader = async (bytes: Uint8Array, hint: object) => {
      hints.push(hint);
      return { kind: 'html' as const, text: Buffer.from(bytes).toString() };
    };
    const { document, fetched } = await readPage('http://site.example/', reader, options, signal);
    expect([document.text, fetched.kind]).toEqual(['<p>text', 'html']);
    const url = 'http://site.example/page';
    const name = 'The page at http://site.example/';
    expect(hints).toEqual([{ name, contentType: 'text/html; charset=gbk', url, signal }]);
  });
});
