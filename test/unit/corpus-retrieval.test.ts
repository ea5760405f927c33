import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Corpus, openCorpus } from '../../activities/corpus/corpus.ts';

const UNDICI = new URL('../../node_modules/undici/docs', import.meta.url).pathname;
const VELLMAR = new URL('../fixtures/corpus', import.meta.url).pathname;

let stateDir: string;
let undici: Corpus;
let vellmar: Corpus;

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'corpus-'));
  [undici, vellmar] = await Promise.all([openCorpus(UNDICI, { stateDir }), openCorpus(VELLMAR, { stateDir })]);
  await undici.refresh();
  await vellmar.refresh();
}, 300_000);

afterAll(async () => {
  undici.close();
  vellmar.close();
  await rm(stateDir, { recursive: true });
});

const top = (corpus: Corpus, query: string, limit = 3) => corpus.search(query, limit).map(({ url }) => url);

describe('a library manual', () => {
  test.each([
    ['body timeout default', 'docs/api/Client.md'],
    ['How is the body timeout set, and what is its default?', 'docs/api/Client.md'],
    ['keepAliveTimeout', 'docs/api/Client.md'],
    ['keep alive max timeout of the client', 'docs/api/Client.md'],
    ['how do I retry failed requests', 'docs/api/RetryHandler.md'],
    ['UND_ERR_HEADERS_TIMEOUT', 'docs/api/Errors.md'],
    ['und err headers timeout', 'docs/api/Errors.md'],
    ['mocking a request in tests', 'docs/best-practices/mocking-request.md'],
    ['proxy authentication token', 'docs/api/ProxyAgent.md'],
    ['SOCKS5 proxy', 'docs/api/Socks5ProxyAgent.md'],
    ['parse set-cookie header', 'docs/api/Cookies.md'],
    ['TLS client certificate', 'docs/best-practices/client-certificate.md'],
    ['what is different from the built-in fetch?', 'docs/best-practices/undici-vs-builtin-fetch.md'],
    ['diagnostics channel', 'docs/api/DiagnosticsChannel.md'],
    ['upgrade from version 7 to 8', 'docs/best-practices/migrating-from-v7-to-v8.md'],
    ['sqlite cache store', 'docs/api/CacheStore.md'],
  ])('%s', (query, url) => {
    expect(top(undici, query)).toContain(url);
  });

  test('the passages for a question hold its answer', () => {
    const goal = 'How is the body timeout set, and what is its default?';
    const { passages, shown, total, choice } = undici.passages('docs/api/Client.md', goal, 6000)!;
    expect(choice).toBe('matching');
    expect(shown).toBeLessThanOrEqual(6000);
    expect(total).toBeGreaterThan(6000);
    const text = passages.map((passage) => passage.text).join('\n');
    expect(text).toMatch(/`bodyTimeout` \{number\|null\}[^*]*\*\*Default:\*\*\s+`300e3`/);
    expect(passages[0]!.headings.join(' > ')).toContain('new Client(url[, options])');
  });

  test('the snippet of a hit shows the place', () => {
    const hit = undici.search('body timeout default', 5).find(({ url }) => url === 'docs/api/Client.md')!;
    expect(hit.title).toBe('Client');
    expect(hit.snippet).toContain('`bodyTimeout`');
    expect(hit.snippet).toContain('`300e3`');
    expect(hit.snippet).not.toContain('\n');
  });

  test('each document is one hit, and the limit holds', () => {
    const urls = top(undici, 'request', 10);
    expect(urls).toHaveLength(10);
    expect(new Set(urls).size).toBe(10);
  });

  test.each([
    '',
    '   ',
    '???',
    'zzqqxx',
    '"',
    'NEAR(',
    'a* OR -b',
    '^title:x',
    "';--",
    '\0',
  ])('the query %j is no fault', (query) => {
    expect(Array.isArray(undici.search(query))).toBe(true);
  });
});

describe('Chinese and mixed documents', () => {
  test.each([
    ['灯塔的超时默认值是多少？', '中文资料/港口灯塔.md'],
    ['灯芯什么时候修剪', '中文资料/港口灯塔.md'],
    ['绿茶怎么保存', '中文资料/茶叶储存.txt'],
    ['最高水位', '中文资料/潮汐观测.md'],
    ['雾', '中文资料/港口灯塔.md'],
    ['一月的风暴', 'mole-repair.pdf'],
    ['lampTimeout', 'notes/harbour-lamps.md'],
    ['lamp timeout default', 'notes/harbour-lamps.md'],
    ['bellVolume', 'notes/harbour-lamps.md'],
    ['yellow flag', 'web/signal-flags.html'],
    ['tonnes of cement', 'mole-repair.pdf'],
    ['low water 2025-03-02', 'notes/tide%20tables%20%28spring%29.csv'],
    ['12345678901234567890', 'notes/lamps.json'],
    ['ＬＡＭＰ ｓｅｖｅｎ', 'notes/keeper-log.txt'],
  ])('%s', (query, url) => {
    expect(top(vellmar, query, 1)).toEqual([url]);
  });

  test('a word that does not occur finds nothing', () => {
    expect(vellmar.search('量子计算机')).toEqual([]);
  });

  test('what matches all of the query goes before what matches some of it', () => {
    expect(top(vellmar, 'fog lamp seven gull')[0]).toBe('notes/keeper-log.txt');
  });

  test('pages of a PDF stay apart', () => {
    const evidence = vellmar.passages('mole-repair.pdf', 'cement', 6000)!;
    expect(evidence.choice).toBe('whole');
    expect(evidence.passages.map(({ headings }) => headings)).toEqual([['Page 1'], ['Page 2'], ['Page 3']]);
  });

  test('a document is read back as it was', () => {
    const document = vellmar.read('中文资料/潮汐观测.md')!;
    expect(document).toMatchObject({ title: '潮汐观测记录', kind: 'markdown', url: '中文资料/潮汐观测.md' });
    expect(document.text).toMatch(/^# 潮汐观测记录\n[\s\S]*研究所校准。\n$/);
  });
});

describe('evidence', () => {
  test('without a goal it is the beginning', () => {
    const { passages, choice } = undici.passages('docs/api/Client.md', '', 3000)!;
    expect(choice).toBe('beginning');
    expect(passages).toHaveLength(1);
    expect(passages[0]!.text).toMatch(/^# Client/);
  });

  test('a goal in other words gets the beginning too', () => {
    expect(undici.passages('docs/api/Client.md', '绿茶 zzqqxx', 3000)!.choice).toBe('beginning');
  });

  test('every passage stands word for word in the document', () => {
    const { text } = undici.read('docs/api/Dispatcher.md')!;
    const { passages } = undici.passages('docs/api/Dispatcher.md', 'response stream pipeline opaque', 6000)!;
    expect(passages.length).toBeGreaterThan(1);
    for (const passage of passages) expect(text).toContain(passage.text);
  });
});
