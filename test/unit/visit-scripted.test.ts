import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Cache, makeCache } from '../../activities/cache/cache.ts';
import { Secret } from '../../activities/secret.ts';
import type { PageBrowser } from '../../activities/web/browser/page-browser.ts';
import { FetchError } from '../../activities/web/fetch-error.ts';
import { type WebSettings, webPages } from '../../activities/web/web-pages.ts';
import type { Store } from '../../store/store.ts';
import { httpServer, type LocalServer, PUBLIC, recordingNetwork } from './safe-fetch-network.ts';

const PAGES = new URL('../fixtures/pages/', import.meta.url);
const URL_ = 'http://site.example/app?user=7';
const NAMES = { 'site.example': [PUBLIC], 'wiki.corp.example': ['10.0.0.5'] };
const signal = new AbortController().signal;

let site: LocalServer;
let fetches: number;
let jina: LocalServer;
let asked: { body: unknown; authorization?: string; engine?: unknown }[];
let answer: { status: number; body: unknown };

beforeEach(async () => {
  fetches = 0;
  asked = [];
  answer = {
    status: 200,
    body: {
      code: 200,
      data: { title: 'Skerry Weather', content: 'Fog until noon.\r\n\r\n[Charts](https://x.example/c)', url: URL_ },
    },
  };
  const page = await readFile(new URL('script-only.html', PAGES));
  site = await httpServer((_, response) => {
    fetches += 1;
    response.writeHead(200, { 'content-type': 'text/html' }).end(page);
  });
  jina = await httpServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { authorization, 'x-engine': engine } = request.headers;
    asked.push({ body: JSON.parse(text), authorization, engine });
    const { status, body } = answer;
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(typeof body === 'string' ? body : JSON.stringify(body));
  });
});
afterEach(() => Promise.all([site.close(), jina.close()]));

function open(url: string, settings: Partial<WebSettings> = {}, cache?: Cache, browser?: PageBrowser) {
  const network = recordingNetwork(NAMES, site.port);
  return webPages({ allowPrivate: [], robots: false, ...settings }, { network, cache, browser })(url, signal);
}

/** A browser that shows every page so, or fails. */
function browserThat(shows: string | FetchError): PageBrowser & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async render(url) {
      asked.push(url);
      if (typeof shows !== 'string') throw shows;
      return { html: shows, url: 'http://site.example/shown/' };
    },
    close: async () => {},
  };
}

function memoryStore(): Store {
  const kept = new Map<string, Uint8Array>();
  return {
    read: async (name) => kept.get(name),
    write: async (name, bytes) => void kept.set(name, bytes),
    close: () => {},
  };
}

const withJina = () => ({ jina: { url: `http://127.0.0.1:${jina.port}`, apiKey: new Secret('jina_k') } });

test('a page that scripts fill says so, and keeps its query to itself', async () => {
  await expect(open(URL_)).rejects.toMatchObject({
    name: 'ToolError',
    message:
      'The page at http://site.example/app?… shows its content only by scripts in a browser, which this worker does not have.',
  });
  expect(asked).toEqual([]);
});

test('with Jina it is read there, and told where from', async () => {
  const { document, from } = await open(URL_, withJina());
  expect(document).toEqual({
    kind: 'html',
    title: 'Skerry Weather',
    text: '# Skerry Weather\n\nFog until noon.\n\n[Charts](https://x.example/c)',
  });
  expect(from).toBe('jina');
  expect(asked).toEqual([{ body: { url: URL_ }, authorization: 'Bearer jina_k', engine: 'browser' }]);
});

test.each<[number, unknown, RegExp]>([
  [401, {}, /refused \(401\); the worker's JINA_API_KEY should be checked\.$/],
  [429, {}, /and the reader service for such pages answered 429\.$/],
  [200, 'oops', /answered with something else than a page\.$/],
  [200, { data: { content: '  ' } }, /found no text either\.$/],
])('Jina answers %i %j: a sentence, without the key', async (status, body, sentence) => {
  answer = { status, body };
  const failure: Error = await open(URL_, withJina()).then(
    () => new Error('none'),
    (error) => error,
  );
  expect(failure.name).toBe('ToolError');
  expect(failure.message).toMatch(sentence);
  expect(failure.message).not.toContain('jina_k');
});

test('Jina is down: a sentence', async () => {
  await jina.close();
  await expect(open(URL_, withJina())).rejects.toThrow('the reader service for such pages could not be reached.');
  jina = await httpServer(() => {});
});

test('no page of an intranet is told to Jina', async () => {
  const settings = { ...withJina(), allowPrivate: ['wiki.corp.example'] };
  await expect(open('http://wiki.corp.example/app', settings)).rejects.toThrow('and is not a public page.');
  expect(asked).toEqual([]);
});

test('a page that was opened before comes from the cache with its age, whoever opened it', async () => {
  const cache = makeCache(memoryStore(), { maxAgeMs: 60_000, now: () => 5000 });
  const first = await open(URL_, withJina(), cache);
  const second = await open(`${URL_}#part`, withJina(), cache);
  expect(second).toEqual({ ...first, storedAt: 5000 });
  expect([fetches, asked.length]).toEqual([1, 1]);
});

test('the bytes of a page are kept by their hash', async () => {
  await site.close();
  const news = await readFile(new URL('news.html', PAGES));
  site = await httpServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(news));
  const cache = makeCache(memoryStore(), { maxAgeMs: 60_000 });
  const { sha256 = '' } = await open('http://site.example/news', {}, cache);
  expect(Buffer.from((await cache.getPage(sha256))!).equals(news)).toBe(true);
});

const SHOWN =
  '<html><head><title>Skerry</title></head><body><main><p>Fog until noon.</p><a href="charts">Charts</a></main></body></html>';

test('with a browser it is read there, links by the address in the end', async () => {
  const browser = browserThat(SHOWN);
  const { document, from } = await open(`${URL_}#/today`, withJina(), undefined, browser);
  expect(from).toBe('browser');
  expect(document.text).toContain('Fog until noon.');
  expect(document.text).toContain('[Charts](http://site.example/shown/charts)');
  expect(browser.asked).toEqual([`${URL_}#/today`]);
  expect(asked).toEqual([]);
});

test('what the browser did not get is read by Jina, unless it was refused', async () => {
  const late = browserThat(new FetchError('timeout', URL_, 'it took longer than 45 seconds in the browser'));
  expect((await open(URL_, withJina(), undefined, late)).from).toBe('jina');
  await expect(open(URL_, {}, undefined, late)).rejects.toThrow(
    'shows its content only by scripts in a browser, and could not be opened in the one here: it took longer than 45 seconds in the browser.',
  );
  answer = { status: 500, body: {} };
  await expect(open(URL_, withJina(), undefined, late)).rejects.toThrow(
    'in the browser; and the reader service for such pages answered 500.',
  );
  asked = [];
  for (const kind of ['refused', 'robots', 'url'] as const) {
    const refused = browserThat(new FetchError(kind, URL_, 'no'));
    await expect(open(URL_, withJina(), undefined, refused)).rejects.toThrow('in the one here: no.');
  }
  expect(asked).toEqual([]);
});

test('addresses that scripts read after # are pages of their own in the cache', async () => {
  const cache = makeCache(memoryStore(), { maxAgeMs: 60_000 });
  const browser = browserThat(SHOWN);
  for (const part of ['#/a', '#/a', '#/b', '#!c', '#d', '']) await open(URL_ + part, {}, cache, browser);
  expect(browser.asked).toEqual(['#/a', '#/b', '#!c', '#d'].map((part) => URL_ + part));
});

test('where all pages are opened in the browser, those that it does not get are read without it', async () => {
  await site.close();
  const news = await readFile(new URL('news.html', PAGES));
  site = await httpServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(news));
  const settings = { browser: { path: '/none', sandbox: true, memoryMb: 512, pages: 'all' } as const };
  const shown = await open('http://site.example/news', settings, undefined, browserThat(SHOWN));
  expect(shown.from).toBe('browser');
  const failing = browserThat(new FetchError('browser', URL_, 'no'));
  expect((await open('http://site.example/news', settings, undefined, failing)).from).toBe('web');
});
