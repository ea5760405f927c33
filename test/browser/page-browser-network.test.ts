import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listening, PUBLIC } from '../unit/safe-fetch-network.ts';
import { openStand, type Stand } from './page-browser-stand.ts';

const WORDS = 'The tide gauge stood at four metres before noon. '.repeat(8);

/** What a page of the public internet must not reach: servers of this machine, which count who comes. */
let target: Awaited<ReturnType<typeof listening>>;
let target6: Awaited<ReturnType<typeof listening>> | undefined;
const udp = createSocket('udp4');
let arrivals: string[];
let stand: Stand;
let hosts: string[];

beforeAll(async () => {
  arrivals = [];
  target = await listening(countingServer('tcp'));
  const server6 = countingServer('tcp6');
  server6.listen(target.port, '::1');
  await Promise.race([once(server6, 'listening'), once(server6, 'error')]).catch(() => {});
  target6 = server6.listening ? { port: target.port, close: async () => void server6.close() } : undefined;
  udp.on('message', () => arrivals.push('udp')).bind(target.port, '127.0.0.1');
  await once(udp, 'listening');
  const port = (udp.address() as AddressInfo).port;
  hosts = [
    `127.0.0.1:${port}`,
    `localhost:${port}`,
    `[::1]:${port}`,
    `0.0.0.0:${port}`,
    `2130706433:${port}`,
    `0x7f.1:${port}`,
    `[::ffff:127.0.0.1]:${port}`,
    `a.localhost:${port}`,
    `inner.example:${port}`,
    `mixed.example:${port}`,
    `rebinding.example:${port}`,
    '169.254.169.254',
    '[fd00:ec2::254]',
    '10.0.0.1',
    'metadata.google.internal',
  ];
  stand = await openStand(
    {
      '/all': everything(hosts),
      '/sub.js': '',
      ...Object.fromEntries(hosts.map((host, i) => [`/to/${i}`, going(`location.href = 'http://${host}/'`)])),
      ...Object.fromEntries(
        hosts.map((host, i) => [
          `/redirect/${i}`,
          (_, response) => response.writeHead(302, { location: `http://${host}/` }).end(),
        ]),
      ),
      '/file': going(`location.href = 'file:///etc/passwd'`),
      '/chrome': going(`location.href = 'chrome://version'`),
      '/view-source': going(`location.href = 'view-source:file:///etc/passwd'`),
      '/data': going(`location.href = 'data:text/html,<p>made up</p>'`),
      '/blob': going(`location.href = URL.createObjectURL(new Blob(['<p>made up</p>'], { type: 'text/html' }))`),
      '/files': `<body><p>${WORDS}</p><div id="root"></div><iframe src="file:///etc/passwd"></iframe><script>
        fetch('file:///etc/passwd').then((r) => r.text()).then((text) => { root.textContent = text; }, () => {});
        const script = document.createElement('script'); script.src = 'file:///etc/hostname'; document.body.append(script);
      </script></body>`,
    },
    {
      names: {
        'inner.example': ['10.0.0.5'],
        'mixed.example': [PUBLIC, '127.0.0.1'],
        'rebinding.example': [[PUBLIC], ['127.0.0.1']],
      },
    },
  );
});

afterAll(async () => {
  await stand?.close();
  await Promise.all([target.close(), target6?.close()]);
  udp.close();
});

const countingServer = (kind: string) =>
  createServer((socket) => {
    arrivals.push(kind);
    socket.destroy();
  });

const going = (script: string) => `<body><p>${WORDS}</p><script>setTimeout(() => { ${script} }, 50)</script></body>`;

/** A page that tries every way out to every host. */
function everything(targets: string[]): string {
  const markup = targets.map(
    (host) => `
    <link rel="dns-prefetch" href="//${host}"><link rel="preconnect" href="http://${host}">
    <link rel="prefetch" href="http://${host}/prefetch"><link rel="preload" as="script" href="http://${host}/preload">
    <link rel="stylesheet" href="http://${host}/style.css"><link rel="modulepreload" href="http://${host}/module.js">
    <link rel="icon" href="http://${host}/icon.png"><link rel="manifest" href="http://${host}/manifest">
    <script async src="http://${host}/script.js"></script>
    <style>@import url('http://${host}/import.css'); div { background: url('http://${host}/image.png') }</style>
    <img src="http://${host}/image"><video src="http://${host}/film" autoplay></video><audio src="http://${host}/sound"></audio>
    <iframe src="http://${host}/frame"></iframe><object data="http://${host}/object"></object>
    <embed src="http://${host}/embed"><form action="http://${host}/form" method="post" target="out"></form>
    <script type="speculationrules">{"prerender":[{"urls":["http://${host}/prerender"]}]}</script>`,
  );
  const script = `
    const hosts = ${JSON.stringify(targets)};
    const attempt = (work) => { try { work()?.catch?.(() => {}); } catch {} };
    for (const host of hosts) {
      attempt(() => fetch('http://' + host + '/fetch', { mode: 'no-cors' }));
      attempt(() => fetch('https://' + host + '/fetch', { mode: 'no-cors' }));
      attempt(() => { const x = new XMLHttpRequest(); x.open('POST', 'http://' + host + '/xhr'); x.send('a'); });
      attempt(() => new WebSocket('ws://' + host + '/socket'));
      attempt(() => new WebSocket('wss://' + host + '/socket'));
      attempt(() => new EventSource('http://' + host + '/events'));
      attempt(() => navigator.sendBeacon('http://' + host + '/beacon', 'a'));
      attempt(() => open('http://' + host + '/popup'));
      attempt(() => new Worker(URL.createObjectURL(new Blob(["fetch('http://" + host + "/worker', {mode: 'no-cors'})"]))));
      attempt(() => new SharedWorker(URL.createObjectURL(new Blob(["fetch('http://" + host + "/shared', {mode: 'no-cors'})"]))));
      attempt(() => new WebTransport('https://' + host + '/transport').ready);
      attempt(() => {
        const peer = new RTCPeerConnection({ iceServers: [
          { urls: 'stun:' + host }, { urls: 'turn:' + host + '?transport=tcp', username: 'u', credential: 'c' },
          { urls: 'turn:' + host, username: 'u', credential: 'c' } ] });
        peer.createDataChannel('a');
        return peer.createOffer().then((offer) => peer.setLocalDescription(offer));
      });
    }
    for (const form of document.forms) attempt(() => form.submit());`;
  return `<!doctype html><html><head></head><body><p>${WORDS}</p><div>x</div>${markup.join('')}<script>${script}</script></body></html>`;
}

/** Connections that were made went to public addresses, and nothing came to this machine's servers. */
function expectNoWayIn(): void {
  expect(stand.network.connections.filter((made) => !/^93\.184\.215\.14:\d+$/.test(made))).toEqual([]);
  expect(arrivals).toEqual([]);
}

test('a page that tries every way to every private address reaches none, and is read all the same', async () => {
  const { html } = await stand.open('/all');
  expect(html).toContain('tide gauge');
  // The names were looked up here, and nowhere else.
  expect(stand.network.lookups).toEqual(
    expect.arrayContaining(['inner.example', 'mixed.example', 'rebinding.example']),
  );
  expectNoWayIn();
});

test('a page that leads to a private address is refused, by its script as by its server', async () => {
  // The others differ only in what the checks of a plain fetch are tested with.
  const paths = hosts.flatMap((_, i) => (i % 2 === 0 ? [`/redirect/${i}`] : i % 5 === 0 ? [`/to/${i}`] : []));
  const sentences = await Promise.all(paths.map((path) => stand.refused(path)));
  const expected =
    /^The page at http:\/\/site\.example\/(to|redirect)\/\d+ could not be opened: (it redirects to an address that is not a public one|its server has an address that is not a public one)\.$/;
  expect(sentences.filter((sentence) => !expected.test(sentence))).toEqual([]);
  expectNoWayIn();
});

test.each(['/file', '/chrome', '/view-source', '/data'])('%s: stays where it is', async (path) => {
  const { html, url } = await stand.open(path);
  expect(url).toBe(`http://site.example${path}`);
  expect(html).toContain('tide gauge');
  expect(html).not.toMatch(/root:|made up/);
});

test('a page that made itself is not the site’s', async () => {
  expect(await stand.refused('/blob')).toMatch(
    /could not be opened: its scripts lead to something that is not a page of the web\.$/,
  );
});

test('files of this machine are not to be had from within a page', async () => {
  const { html } = await stand.open('/files');
  expect(html).toContain('tide gauge');
  expect(html).not.toContain('root:');
});
