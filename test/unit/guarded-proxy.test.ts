import { request } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addressPolicy } from '../../activities/web/address.ts';
import { type GuardedProxy, guardedProxy } from '../../activities/web/browser/guarded-proxy.ts';
import { httpServer, type LocalServer, PUBLIC, type RecordingNetwork, recordingNetwork } from './safe-fetch-network.ts';

const ASKED = 'http://site.example/';
let site: LocalServer;
let network: RecordingNetwork;
let proxy: GuardedProxy;
let received: { url?: string; headers: NodeJS.Dict<string | string[]> }[];

beforeEach(async () => {
  received = [];
  site = await httpServer(({ url, headers }, response) => {
    received.push({ url, headers });
    response.end('x'.repeat(5000));
  });
  network = recordingNetwork({ 'site.example': [PUBLIC], 'inner.example': ['10.0.0.5'] }, site.port);
  const options = { network, policy: addressPolicy(), asked: ASKED, connectMs: 1000 };
  proxy = await guardedProxy({ ...options, maxBytes: 12_000 });
});
afterEach(async () => {
  proxy.close();
  await site.close();
});

interface Asked {
  method?: string;
  path: string;
  password?: string;
}

/** Asks the proxy as a browser does: its status, and the body of an answer. */
function ask({ method = 'GET', path, password = proxy.password }: Asked): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(proxy.server);
    const authorization = `Basic ${Buffer.from(`${proxy.username}:${password}`).toString('base64')}`;
    const headers = { host: 'ignored.example', 'proxy-authorization': authorization, 'proxy-connection': 'keep-alive' };
    const asked = request({ hostname, port, method, path, headers, agent: false });
    asked.once('connect', ({ statusCode }, socket) => {
      socket.destroy();
      resolve({ status: statusCode!, body: '' });
    });
    asked.once('response', async (response) => {
      let body = '';
      try {
        for await (const chunk of response) body += chunk;
        resolve({ status: response.statusCode!, body });
      } catch (error) {
        reject(error);
      }
    });
    asked.once('error', reject).end();
  });
}

test('a request goes to the address that was checked, without what is the proxy’s', async () => {
  const { status, body } = await ask({ path: 'http://site.example/a?b=1' });
  expect([status, body.length]).toEqual([200, 5000]);
  expect(network.connections).toEqual([`${PUBLIC}:80`]);
  expect(received).toMatchObject([{ url: '/a?b=1', headers: { host: 'site.example' } }]);
  expect(Object.keys(received[0]!.headers).filter((name) => name.startsWith('proxy-'))).toEqual([]);
});

test('a tunnel is opened to web ports of public servers', async () => {
  expect((await ask({ method: 'CONNECT', path: 'site.example:443' })).status).toBe(200);
  expect(network.connections).toEqual([`${PUBLIC}:443`]);
});

test.each<Asked>([
  { path: 'http://inner.example/' },
  { path: 'http://127.0.0.1/' },
  { path: 'http://[::ffff:169.254.169.254]/' },
  { path: 'http://user:secret@site.example/' },
  { path: 'http://site.example:22/' },
  { path: 'ftp://site.example/' },
  { path: '/not/absolute' },
  { method: 'CONNECT', path: 'inner.example:443' },
  { method: 'CONNECT', path: 'localhost:443' },
  { method: 'CONNECT', path: '169.254.169.254:80' },
  { method: 'CONNECT', path: 'site.example:6379' },
  { method: 'CONNECT', path: '[::1]:443' },
])('%j is refused', async (asked) => {
  const { status } = await ask(asked).catch(() => ({ status: 0 }));
  expect([0, 400, 502]).toContain(status);
  expect(network.connections).toEqual([]);
});

test.each(['GET', 'CONNECT'])('%s without the password is refused', async (method) => {
  const path = method === 'GET' ? 'http://site.example/' : 'site.example:443';
  expect((await ask({ method, path, password: 'guess' })).status).toBe(407);
  expect(network.lookups).toEqual([]);
});

test('why a host was not reached is remembered for the sentence', async () => {
  await ask({ path: 'http://inner.example/' });
  expect(proxy.failureAt('http://inner.example/other')?.message).toBe(
    'The page at http://site.example/ could not be opened: its server has an address that is not a public one.',
  );
  expect(proxy.failureAt('http://site.example/')).toBeUndefined();
});

test('whoever loads more than the limit is cut off for good', async () => {
  await ask({ path: 'http://site.example/1' });
  await ask({ path: 'http://site.example/2' });
  expect(proxy.overLimit()).toBe(false);
  await expect(ask({ path: 'http://site.example/3' })).rejects.toThrow();
  expect(proxy.overLimit()).toBe(true);
  await expect(ask({ path: 'http://site.example/4' })).rejects.toThrow();
  expect(received).toHaveLength(3);
});
