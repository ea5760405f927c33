import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callRecords, unrecorded } from '../../activities/lookup/recorded.ts';
import { makeParseFileTool } from '../../activities/tools/parse-file.ts';
import type { ToolContext } from '../../activities/tools/tool.ts';
import { makeVisitTool } from '../../activities/tools/visit.ts';
import { openWebPage } from '../../activities/tools/visit-web-page.ts';
import { webPages } from '../../activities/web/web-pages.ts';
import { httpServer, type LocalServer } from './safe-fetch-network.ts';

const PDF = new URL('../fixtures/corpus/mole-repair.pdf', import.meta.url);

let server: LocalServer;
let site: string;
const asked: string[] = [];
const answers = new Map<string, (response: ServerResponse) => void>();

beforeAll(async () => {
  server = await httpServer((request, response) => {
    asked.push(request.url ?? '');
    const answer = answers.get(request.url ?? '');
    if (answer) answer(response);
    else response.writeHead(404).end();
  });
  site = `http://localhost:${server.port}`;
});
afterAll(() => server.close());

const serve = (path: string, type: string, body: string | Buffer) =>
  answers.set(path, (response) => response.writeHead(200, { 'content-type': type }).end(body));

const context = (): ToolContext => ({
  callId: 'r1c1',
  recorded: unrecorded,
  signal: new AbortController().signal,
  workspace: tmpdir(),
});

function visit(urls: string[], goal: string, settings: { allowPrivate?: string[]; robots?: boolean } = {}) {
  const openPage = webPages({ allowPrivate: ['localhost'], robots: true, ...settings });
  const tool = makeVisitTool({ corpusStateDir: tmpdir(), openWebPage: openWebPage(openPage) });
  return tool.run({ url: urls, goal }, context());
}

const ARTICLE = `<!doctype html><html><head><title>Harbour lamps</title></head><body><nav><a href="/">Home</a></nav>
<article><h1>Harbour lamps</h1><p>The lamps of the harbour are <a href="/trim">trimmed twice</a> in a winter night, which
the keepers have done since the mole was built, and written down in their log.</p></article></body></html>`;

test('a short page is given whole, with its links, to the byte', async () => {
  serve('/lamps', 'text/html', ARTICLE);
  const url = `${site}/lamps`;
  const { text, sources } = await visit([url], 'How often are they trimmed?');
  expect(text).toBe(
    `The useful information in ${url} for user goal How often are they trimmed? as follows: \n\n` +
      `Evidence in page: \n# Harbour lamps\n\nThe lamps of the harbour are [trimmed twice](${site}/trim) in a winter night, ` +
      'which the keepers have done since the mole was built, and written down in their log.\n\n' +
      `Summary: \n"Harbour lamps" (${url}) is an HTML page of 194 characters, shown whole.`,
  );
  expect(sources).toEqual([{ url, title: 'Harbour lamps', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
});

test('of a long page without a model the passages with the goal’s words are given', async () => {
  const filler = (topic: string) =>
    `<h2>${topic}</h2>${`<p>${`About ${topic} there is much to say, and little of it matters here. `.repeat(12)}</p>`.repeat(3)}`;
  const body = `${filler('Ropes')}${filler('Tides')}<h2>Fog bell</h2><p>The fog bell strikes every ninety seconds.</p>${filler('Gulls')}`;
  serve('/long', 'text/html; charset=utf-8', `<html><head><title>Harbour</title></head><body>${body}</body></html>`);
  const { text } = await visit([`${site}/long`], 'How often does the fog bell strike?');
  expect(text).toContain('The fog bell strikes every ninety seconds.');
  expect(text).not.toContain('About Ropes');
  expect(text).toMatch(/The evidence is [\d,]+ characters in .*; the other [\d,]+ characters are left out\.$/);
});

describe('kinds of content', () => {
  test('PDF, text and JSON are read, and one that is neither says what it is', async () => {
    serve('/mole.pdf', 'application/pdf', await readFile(PDF));
    serve('/note.txt', 'text/plain; charset=gb18030', Buffer.from([0xc2, 0xcc, 0xb2, 0xe8]));
    serve('/data.json', 'application/json', '{"lamps": 42}');
    serve('/film', 'video/mp4', Buffer.from('\0\0\0\x18ftypmp42'));
    serve('/picture', 'image/png', Buffer.from('\x89PNG\r\n\x1a\nabc', 'latin1'));
    const paths = ['/mole.pdf', '/note.txt', '/data.json', '/film', '/picture'];
    const { text, sources } = await visit(
      paths.map((path) => site + path),
      'cement',
    );
    const [pdf, note, data, film, picture] = text.split('\n\n-------\n\n');
    expect(pdf).toContain('[Page 2]\nStage two');
    expect(note).toContain('Evidence in page: \n绿茶\n');
    expect(data).toContain('{"lamps": 42}');
    expect(film).toBe(
      `The page at ${site}/film could not be opened: it is a video (video/mp4), which cannot be read here.`,
    );
    expect(picture).toMatch(/^The page at \S+\/picture is an image/);
    expect(sources).toHaveLength(3);
  });
});

describe('what stays closed is a sentence', () => {
  test('this machine and its network, unless listed', async () => {
    serve('/lamps', 'text/html', ARTICLE);
    for (const address of [`${site}/lamps`, `http://127.0.0.1:${server.port}/lamps`, 'http://169.254.169.254/']) {
      await expect(visit([address], 'x', { allowPrivate: [] })).rejects.toMatchObject({
        name: 'ToolError',
        message: expect.stringContaining('its address is not a public one'),
      });
    }
  });

  test('what robots.txt closes, unless it is not to be asked', async () => {
    serve('/robots.txt', 'text/plain', 'User-agent: *\nDisallow: /private');
    serve('/private/page', 'text/html', ARTICLE);
    const page = `${site}/private/page`;
    await expect(visit([page], 'x')).rejects.toThrow('its site asks programs not to read it (robots.txt).');
    expect((await visit([page], 'x', { robots: false })).text).toContain('trimmed twice');
    answers.delete('/robots.txt');
  });

  test('a page that is not there, beside one that is', async () => {
    serve('/lamps', 'text/html', ARTICLE);
    const { text } = await visit([`${site}/gone?token=1`, `${site}/lamps`], 'x');
    expect(text.split('\n\n-------\n\n')[0]).toBe(
      `The page at ${site}/gone?… could not be opened: its server answered 404.`,
    );
  });
});

test('a server that fails once is asked once more, one that asks for quiet is not', async () => {
  let times = 0;
  answers.set('/flaky', (response) => {
    times += 1;
    if (times === 1) response.writeHead(503).end();
    else response.writeHead(200, { 'content-type': 'text/html' }).end(ARTICLE);
  });
  answers.set('/busy', (response) => response.writeHead(429).end());
  expect((await visit([`${site}/flaky`], 'x')).text).toContain('trimmed twice');
  asked.length = 0;
  await expect(visit([`${site}/busy`], 'x')).rejects.toThrow('its server answered 429');
  expect(asked.filter((path) => path === '/busy')).toHaveLength(1);
});

test('a page is fetched once for a call, however often that is tried; what could not be had is tried again', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'visit-records-'));
  serve('/once', 'text/html', ARTICLE);
  const openPage = webPages({ allowPrivate: ['localhost'], robots: false });
  const tool = makeVisitTool({ corpusStateDir: tmpdir(), openWebPage: openWebPage(openPage) });
  const attempt = (callId: string) =>
    tool.run(
      { url: [`${site}/once`, `${site}/later`], goal: 'x' },
      { ...context(), recorded: callRecords(stateDir, 'w', callId) },
    );
  asked.length = 0;
  await attempt('r1c1');
  serve('/later', 'text/plain', 'Here now.');
  expect((await attempt('r1c1')).text).toMatch(/trimmed twice[\s\S]*Here now/);
  expect(asked.toSorted()).toEqual(['/later', '/later', '/once']);
  await attempt('r1c2');
  expect(asked).toHaveLength(5);
  await rm(stateDir, { recursive: true });
});

test('an address without its scheme is a page’s where the session has no folder', async () => {
  await expect(visit(['localhost:1/x', 'www.nowhere.invalid/a'], 'x')).rejects.toThrow(
    /The page at "localhost:1\/x" could not be opened: [\s\S]*The page at https:\/\/www\.nowhere\.invalid\/a could not be opened: its address is not a public one/,
  );
});

test('office files and archives are read, and parse_file takes a member of one', async () => {
  const office = (name: string) => readFile(new URL(`../fixtures/documents/${name}`, import.meta.url));
  serve('/report', 'application/octet-stream', await office('report.docx'));
  serve('/sales.xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', await office('sales.xlsx'));
  serve('/all.zip', 'application/zip', await office('mixed.zip'));
  const { text } = await visit([`${site}/report`, `${site}/sales.xlsx`, `${site}/all.zip`], 'How many litres of oil?');
  const [report, sales, all] = text.split('\n\n-------\n\n');
  expect(report).toContain('| First | 120 | € 310.50 |');
  expect(report).toMatch(/is a text document of [\d,]+ characters, shown whole\.$/);
  expect(sales).toContain('| Vellmar | 2024-03-31 | 1200.5 |');
  expect(all).toContain('tables/sales.xlsx');
  const openPage = webPages({ allowPrivate: ['localhost'], robots: true });
  const file = `${site}/all.zip#member=tables/sales.xlsx#sheet=2`;
  const { text: member } = await makeParseFileTool({ openPage }).run({ files: [file] }, context());
  expect(member).toContain('## Sheet 2: 密钥 (hidden)');
});

test('parse_file opens addresses in the same way', async () => {
  serve('/mole.pdf', 'application/pdf', await readFile(PDF));
  const openPage = webPages({ allowPrivate: ['localhost'], robots: true });
  const { text, sources } = await makeParseFileTool({ openPage }).run(
    { files: [`${site}/mole.pdf#page=2`] },
    context(),
  );
  expect(text).toMatch(/^Content of \S+\/mole\.pdf \("Repair of the north mole", PDF document, 3 pages/);
  expect(sources).toEqual([{ url: `${site}/mole.pdf`, title: 'Repair of the north mole' }]);
  await expect(makeParseFileTool().run({ files: [`${site}/x`] }, context())).rejects.toThrow('opens no addresses');
});
