import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCodecServer } from '../../client/codec-server/server.ts';
import { encryptionCodec } from '../../converter/encryption/codec.ts';
import { encryptionKeysFrom } from '../../converter/encryption/keys.ts';

const codec = encryptionCodec(
  encryptionKeysFrom({ DEEP_RESEARCH_ENCRYPTION_KEYS: `a:${Buffer.alloc(32, 1).toString('base64')}` }),
);
const UI = 'http://ui.test:8233';

let server: Awaited<ReturnType<typeof startCodecServer>>;
let guarded: typeof server;
beforeAll(async () => {
  const options = { host: '127.0.0.1', port: 0, origins: [UI], converter: { payloadCodecs: [codec] } };
  server = await startCodecServer(options);
  guarded = await startCodecServer({ ...options, token: 'let-me-in' });
});
afterAll(() => Promise.all([server?.close(), guarded?.close()]));

const errorOf = async (response: Response) => ((await response.json()) as { error: string }).error;

const base64 = (text: string) => Buffer.from(text).toString('base64');
const PLAIN = { payloads: [{ metadata: { encoding: base64('json/plain') }, data: base64('"tides"') }] };

const post = (path: string, body: unknown, headers: Record<string, string> = {}, url = server.url) =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

test('encodes and decodes, and lets payloads through that are not encrypted', async () => {
  const sealed = await (await post('/encode', PLAIN)).json();
  expect(JSON.stringify(sealed)).not.toContain(base64('tides').slice(0, 6));
  expect(await (await post('/default/decode', sealed, { origin: UI })).json()).toEqual(PLAIN);
  expect(await (await post('/decode', PLAIN)).json()).toEqual(PLAIN);
});

test('the Web UI may ask, and pages of others may not', async () => {
  const asked = await fetch(`${server.url}/decode`, {
    method: 'OPTIONS',
    headers: { origin: UI, 'access-control-request-method': 'POST' },
  });
  expect(asked.status).toBe(204);
  expect(asked.headers.get('access-control-allow-origin')).toBe(UI);
  expect(asked.headers.get('access-control-allow-headers')).toContain('x-namespace');
  const other = await post('/decode', PLAIN, { origin: 'http://evil.test' });
  expect([other.status, other.headers.get('access-control-allow-origin')]).toEqual([403, null]);
});

test('who has not the token is refused where there is one', async () => {
  const ask = async (headers: Record<string, string>) => (await post('/decode', PLAIN, headers, guarded.url)).status;
  expect(await ask({})).toBe(401);
  expect(await ask({ authorization: 'Bearer let-me-im' })).toBe(401);
  expect(await ask({ authorization: 'Bearer let-me-in' })).toBe(200);
});

describe('what cannot be done is said', () => {
  test.each([
    ['/decode', 'not json', 400, 'Expected a JSON object'],
    ['/decode', { payloads: [{ data: '%' }] }, 400, 'payloads: expected'],
    ['/elsewhere', PLAIN, 404, 'encode and'],
  ])('%s %j', async (path, body, status, error) => {
    const response = await post(path, body);
    expect([response.status, await errorOf(response)]).toEqual([status, expect.stringContaining(error)]);
  });

  test('a key that is missing, by its id', async () => {
    const encoding = base64('binary/encrypted');
    const payload = { metadata: { encoding, 'encryption-key-id': base64('old') }, data: base64('x') };
    const response = await post('/decode', { payloads: [payload] });
    expect(response.status).toBe(500);
    expect(await errorOf(response)).toContain('with the key "old", which this process has not');
  });
});
