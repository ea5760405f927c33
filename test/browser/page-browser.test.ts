import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processTable } from '../../activities/sandbox/process-table.ts';
import { addressPolicy } from '../../activities/web/address.ts';
import { pageBrowser } from '../../activities/web/browser/page-browser.ts';
import { FetchError } from '../../activities/web/fetch-error.ts';
import { chromiumHere, openStand, type Stand } from './page-browser-stand.ts';

const WORDS = 'The tide gauge stood at four metres before noon. '.repeat(8);
const byScript = (script: string) =>
  `<!doctype html><html><head><title>Tides</title></head><body><div id="root"></div><script>${script}</script></body></html>`;
const show = (html: string) => `document.getElementById('root').innerHTML = ${JSON.stringify(html)};`;

/** Pids of the browsers that this process started. */
const browsers = () => [...processTable()].filter(({ parent }) => parent === process.pid).map(({ pid }) => pid);
const profiles = () =>
  readdirSync(tmpdir()).filter((name) => name.startsWith('drb-') && name.includes(`-${process.pid}-`));

describe('a page that scripts fill', () => {
  let stand: Stand;
  beforeAll(async () => {
    stand = await openStand({
      '/at-once': byScript(show(`<h1>Tides</h1><p>${WORDS}</p>`)),
      '/late': byScript(`setTimeout(() => { ${show(`<p>${WORDS}</p>`)} }, 1200)`),
      '/fetched': byScript(`fetch('/data').then((r) => r.text()).then((text) => { root.textContent = text; })`),
      '/data': (_, response) => setTimeout(() => response.end(WORDS), 800),
      '/elsewhere': byScript(`location.href = 'http://other.example/at-once'`),
      '/address': byScript(`history.pushState({}, '', '/new/address'); ${show(`<p>${WORDS}</p>`)}`),
      '/shadow': byScript(`
        customElements.define('tide-card', class extends HTMLElement {
          connectedCallback() {
            this.attachShadow({ mode: 'open' }).innerHTML = '<style>p {}</style><p>Inside: <slot></slot></p>';
          }
        });
        ${show(`<tide-card>from outside</tide-card><p>${WORDS}</p>`)}`),
      '/hanging': byScript(`fetch('/never'); ${show(`<p>${WORDS}</p>`)}`),
      '/never': () => {},
      '/agent': byScript(`root.textContent = navigator.userAgent.repeat(3)`),
      '/ways': byScript(`const frame = document.body.appendChild(document.createElement('iframe'));
        root.textContent = typeof RTCPeerConnection + typeof frame.contentWindow.RTCPeerConnection + ${JSON.stringify(WORDS)}`),
      '/empty': byScript(''),
      '/cookie': byScript(
        `const had = document.cookie; document.cookie = 'a=b'; root.textContent = 'had ' + (had || 'none')`,
      ),
      '/pictures': byScript(
        show(`<img src="/a.png"><video src="/b.mp4"></video><iframe src="/at-once"></iframe>${WORDS}`),
      ),
    });
  });
  afterAll(() => stand.close());

  test.each(['/at-once', '/late', '/fetched'])('gives its text: %s', async (path) => {
    const { html, url } = await stand.open(path);
    expect(html).toContain(WORDS.trim().slice(0, 100));
    expect(html).toContain('<title>Tides</title>');
    expect(html).not.toContain('<script');
    expect(url).toBe(`http://site.example${path}`);
  });

  test('is followed to where it leads', async () => {
    const { html, url } = await stand.open('/elsewhere');
    expect(url).toBe('http://other.example/at-once');
    expect(html).toContain('tide gauge');
  });

  test('says the address that it gave itself', async () => {
    expect((await stand.open('/address')).url).toBe('http://site.example/new/address');
  });

  test('is read in its components, with what stands in their slots', async () => {
    const { html } = await stand.open('/shadow');
    expect(html).toMatch(/<tide-card><p>Inside: <slot>from outside<\/slot><\/p><\/tide-card>/);
  });

  test('is not waited for without end where a request hangs', async () => {
    expect((await stand.open('/hanging')).html).toContain('tide gauge');
  });

  test('learns who asks', async () => {
    expect((await stand.open('/agent')).html).toMatch(/Chrome\/[\d.]+ Safari\/[\d.]+ test-reader</);
  });

  test('has no way to the network beside HTTP', async () => {
    expect((await stand.open('/ways')).html).toContain('undefinedundefined');
  });

  test('without text says so', async () => {
    expect(await stand.refused('/empty')).toBe(
      'The page at http://site.example/empty could not be opened: it shows no text in the browser either.',
    );
  });

  test('finds nothing of the page before', async () => {
    for (const _ of [1, 2]) expect((await stand.open('/cookie')).html).toContain('had none');
  });

  test('loads no pictures, films and frames', async () => {
    stand.seen.length = 0;
    await stand.open('/pictures');
    expect(stand.seen).toEqual(['site.example/pictures']);
  });

  test('missing in the browser is an error of its server', async () => {
    expect(await stand.refused('/missing')).toMatch(/its server answered the browser with an error\.$/);
  });

  test('all in one browser, which goes with its folder when it is closed', async () => {
    const pids = browsers();
    expect(profiles()).toHaveLength(1);
    await stand.browser.close();
    expect(browsers().filter((pid) => pids.includes(pid))).toEqual([]);
    expect(profiles()).toEqual([]);
  });
});

test('documents that the site closes to programs are not asked for', async () => {
  const stand = await openStand({
    '/': byScript(`location.href = '/closed'`),
    '/closed': WORDS,
    '/redirect': (_, response) => response.writeHead(302, { location: '/closed' }).end(),
  });
  const asked: string[] = [];
  const permit = async (url: URL, page: string) => {
    asked.push(url.pathname);
    if (url.pathname === '/closed') throw new FetchError('robots', page, 'closed');
  };
  const signal = new AbortController().signal;
  await expect(stand.browser.render('http://site.example/', permit, signal)).rejects.toThrow('closed');
  await expect(stand.browser.render('http://site.example/redirect', permit, signal)).rejects.toThrow('closed');
  expect(asked).toEqual(['/', '/closed', '/redirect', '/closed']);
  expect(stand.seen).not.toContain('site.example/closed');
  await stand.close();
});

describe('a page that behaves badly', () => {
  let stand: Stand;
  let held = 0;
  const ended: string[] = [];
  const limits = { maxBytes: 3_000_000, memoryMb: 700 };
  beforeAll(async () => {
    stand = await openStand(
      {
        '/good': byScript(show(`<p>${WORDS}</p>`)),
        '/held': (_, response) => {
          held += 1;
          if (held > 1) response.end(WORDS);
        },
        '/one-alert': byScript(`alert('a'); ${show(`<p>${WORDS}</p>`)} onbeforeunload = () => 'stay';`),
        '/reloads': byScript('location.reload()'),
        '/endless-body': (_, response) => {
          response.writeHead(200, { 'content-type': 'text/html' }).write(`<p>${WORDS}</p>`);
          const more = setInterval(() => response.write('<!-- nothing -->'.repeat(10_000)), 20);
          response.once('close', () => clearInterval(more));
        },
        '/silent': (_, response) => void response.once('close', () => ended.push('/silent')),
        '/much': byScript(`fetch('/bytes').then((r) => r.arrayBuffer())`),
        '/bytes': (_, response) => response.end(Buffer.alloc(6_000_000, 'x')),
        '/grows': byScript(`const p = document.createElement('p'); p.textContent = 'x'.repeat(1e6);
          root.style.display = 'none'; for (let i = 0; i < 12; i++) root.append(p.cloneNode(true));`),
        '/memory': byScript(`const all = []; for (;;) all.push(new Uint8Array(50e6).fill(1));`),
        '/download': (_, response) =>
          response.writeHead(200, { 'content-disposition': 'attachment; filename=a.bin' }).end('bytes'),
        '/download-later': byScript(`${show(`<p>${WORDS}</p>`)} const a = document.createElement('a');
          a.href = URL.createObjectURL(new Blob(['bytes'])); a.download = 'a.txt'; a.click();`),
        '/popups': byScript(`for (let i = 0; i < 20; i++) open('/good?' + i); ${show(`<p>${WORDS}</p>`)}`),
        '/asks': byScript(`Promise.all(['geolocation', 'camera', 'clipboard-read', 'notifications'].map((name) =>
          navigator.permissions.query({ name }).then(({ state }) => state, () => 'unknown')))
          .then((states) => { root.textContent = 'States: ' + states.join(' ') + ${JSON.stringify(WORDS)}; })`),
        '/worker':
          byScript(`navigator.serviceWorker?.register('/sw.js').then(() => { root.textContent = 'registered'; },
          () => { root.textContent = 'no worker here'; }) ?? (root.textContent = 'no worker here')`),
      },
      { limits },
    );
  });
  afterAll(() => stand.close());
  const start = 'The page at http://site.example';

  test.each<[string, RegExp]>([
    ['/reloads', /its scripts lead from page to page without end\.$/],
    ['/much', /it loads more than 3 MB\.$/],
    ['/grows', /its scripts make it larger than 10 MB\.$/],
    ['/memory', /its scripts (take more memory than the 700 MB that the browser has|made the browser break off)\.$/],
    ['/download', /it offers the browser a file to download\.$/],
  ])('%s ends in its sentence, and the next page opens', async (path, sentence) => {
    const message = await stand.refused(path);
    expect(message.startsWith(start)).toBe(true);
    expect(message).toMatch(sentence);
    expect((await stand.open('/good')).html).toContain('tide gauge');
  });

  test.each(['/one-alert', '/endless-body', '/popups'])('%s gives what text it has', async (path) => {
    expect((await stand.open(path)).html).toContain('tide gauge');
  });

  test('windows that a page opens load nothing', async () => {
    stand.seen.length = 0;
    await stand.open('/popups');
    expect(stand.seen).toEqual(['site.example/popups']);
  });

  test('a file that a script wants to save goes nowhere', async () => {
    expect(await stand.refused('/download-later')).toMatch(/tide gauge|a file to download/);
    const left = readdirSync(tmpdir(), { recursive: true }).map(String);
    expect(left.filter((name) => name.endsWith('a.txt'))).toEqual([]);
  });

  test('it gets no permission and no worker that outlives it', async () => {
    expect((await stand.open('/asks')).html).not.toMatch(/States: .*granted/);
    expect((await stand.open('/worker')).html).not.toContain('registered');
  });

  test('a browser that is killed is started anew, and the page opened after all', async () => {
    const before = browsers();
    const page = stand.open('/held');
    while (held === 0) await sleep(50);
    for (const pid of before) process.kill(pid, 'SIGKILL');
    expect((await page).html).toContain('tide gauge');
    expect(browsers().filter((pid) => before.includes(pid))).toEqual([]);
  });

  test('a cancelled page is closed at once, with its connections', async () => {
    const cancel = new AbortController();
    const page = stand.open('/silent', cancel.signal);
    page.catch(() => {});
    while (!stand.seen.includes('site.example/silent')) await sleep(50);
    const reason = new Error('cancelled');
    cancel.abort(reason);
    await expect(page).rejects.toBe(reason);
    while (ended.length === 0) await sleep(20);
    expect((await stand.open('/good')).html).toContain('tide gauge');
  });
});

test('pages that come to no end take their time and no more', async () => {
  const stand = await openStand(
    {
      '/endless-script': byScript(`${show('<p>text</p>')} while (true) {}`),
      '/alerts': byScript(`for (;;) { alert('a'); confirm('b'); prompt('c'); }`),
      '/silent': () => {},
    },
    { limits: { totalMs: 4000 } },
  );
  const sentences = await Promise.all(['/endless-script', '/alerts', '/silent'].map((path) => stand.refused(path)));
  for (const sentence of sentences) expect(sentence).toMatch(/it took longer than 4 seconds in the browser\.$/);
  await stand.close();
});

test('a browser that does not start says so, to the model and to the log', async () => {
  const problems: string[] = [];
  const browser = pageBrowser({
    path: '/bin/false',
    sandbox: false,
    policy: addressPolicy(),
    userAgent: 'x',
    onProblem: (problem) => problems.push(problem),
  });
  await expect(browser.render('http://site.example/', undefined, new AbortController().signal)).rejects.toThrow(
    'The page at http://site.example/ could not be opened: the browser of this worker does not start.',
  );
  expect(problems).toEqual([expect.stringMatching(/^The browser cannot be started: \S.{5,200}$/)]);
  expect(profiles()).toEqual([]);
});

test('a browser that nobody needs is closed', async () => {
  const stand = await openStand({ '/good': WORDS }, { limits: { idleMs: 100 } });
  await stand.open('/good');
  while (profiles().length > 0) await sleep(50);
  expect((await stand.open('/good')).html).toContain('tide gauge');
  await stand.close();
});

test('root has to say that the browser goes without its sandbox', async () => {
  const { path } = chromiumHere();
  const problems: string[] = [];
  const onProblem = (problem: string) => problems.push(problem);
  const stand = await openStand({ '/good': WORDS }, { path, sandbox: true, onProblem });
  const message = await stand.refused('/good');
  if (process.getuid?.() === 0) expect(problems[0]).toContain('DEEP_RESEARCH_BROWSER_SANDBOX=false');
  else expect(message).toContain('opened');
  await stand.close();
});
