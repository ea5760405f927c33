import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { bucketRights } from '../../client/bucket-rights.ts';
import { codecServer } from '../../client/cli/commands/codec-server.ts';
import { converterFrom } from '../../client/converter-from.ts';
import { readConfiguration } from '../../worker/configuration/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'secret-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const MODEL = { LLM_SERVER_BASE_ENDPOINT_URL: 'http://a:1,http://b:1', LLM_SERVER_MODEL_NAME: 'm' };

test('keys come from files as well: one, one a line, and those that an endpoint names', () => {
  const { endpoints, providers } = readConfiguration({
    ...MODEL,
    LLM_SERVER_API_KEY_FILE: file('keys', 'first-key\nsecond-key\n'),
    SERPER_API_KEY_FILE: file('serper', ' serper-key \n'),
    DEEP_RESEARCH_ENDPOINTS: JSON.stringify([{ url: 'http://c:1', model: 'n', apiKeyEnv: 'MY_KEY' }]),
    MY_KEY_FILE: file('mine', 'my-key'),
  });
  expect(endpoints.map(({ apiKey }) => apiKey?.reveal())).toEqual(['first-key', 'second-key', 'my-key']);
  expect(providers.web.map(({ name }) => name)).toContain('serper');
});

test('an empty file is as good as none, and the variable itself comes first', () => {
  const LLM_SERVER_API_KEY_FILE = file('empty', '\n');
  expect(readConfiguration({ ...MODEL, LLM_SERVER_API_KEY_FILE }).endpoints[0]?.apiKey).toBeUndefined();
  const SERPER_API_KEY_FILE = join(folder, 'nowhere');
  expect(() => readConfiguration({ ...MODEL, SERPER_API_KEY: 'k', SERPER_API_KEY_FILE })).not.toThrow();
});

test('a file that is not there, and one for what is no secret, are told', () => {
  expect(() => readConfiguration({ ...MODEL, SERPER_API_KEY_FILE: join(folder, 'nowhere') })).toThrow(
    /SERPER_API_KEY_FILE: the file ".*nowhere" cannot be read \(ENOENT\)\./,
  );
  expect(() => readConfiguration({ ...MODEL, DEEP_RESEARCH_STATE_DIR_FILE: 'x' })).toThrow(/there is no such variable/);
});

test('a file for the key of an endpoint that is not there is told with the endpoint', () => {
  const DEEP_RESEARCH_ENDPOINTS = JSON.stringify([{ url: 'http://c:1', model: 'n', apiKeyEnv: 'MY_KEY' }]);
  expect(() => readConfiguration({ DEEP_RESEARCH_ENDPOINTS, MY_KEY_FILE: join(folder, 'nowhere') })).toThrow(
    /\[0\]\.apiKeyEnv: MY_KEY_FILE: the file ".*nowhere" cannot be read \(ENOENT\)\./,
  );
});

test('the keys of a bucket come to clients from the same files', () => {
  const rights = bucketRights({
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY_FILE: file('bucket', 'bucket-key\n'),
    AWS_SESSION_TOKEN_FILE: file('session', 'session-token\n'),
  });
  expect([rights.AWS_SECRET_ACCESS_KEY?.reveal(), rights.AWS_SESSION_TOKEN?.reveal()]).toEqual([
    'bucket-key',
    'session-token',
  ]);
  const missing = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY_FILE: join(folder, 'nowhere') };
  expect(() => converterFrom({ ...missing, DEEP_RESEARCH_STORE_DIR: 's3://bucket/store' })).toThrow(
    /AWS_SECRET_ACCESS_KEY_FILE: the file ".*nowhere" cannot be read/,
  );
});

describe("the codec server's token", () => {
  const keys = { DEEP_RESEARCH_ENCRYPTION_KEYS: `a:${Buffer.alloc(32, 1).toString('base64')}` };

  /** What the command said, and what it answered without a token and with each of these. */
  async function answersOf(env: NodeJS.ProcessEnv, tokens: string[]) {
    const stop = new AbortController();
    const said = Promise.withResolvers<string>();
    const err = { write: (text: string) => said.resolve(text) };
    const served = codecServer({ host: '127.0.0.1', port: 0 }, { err, signal: stop.signal }, { ...keys, ...env });
    const failed = served.then(() => '');
    const [url = ''] = /http:\S+/.exec(await Promise.race([said.promise, failed])) ?? [];
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`${url}/decode`, { method: 'POST', body: '{"payloads":[]}', headers })).status;
    const statuses = [await ask({})];
    for (const token of tokens) statuses.push(await ask({ authorization: `Bearer ${token}` }));
    stop.abort();
    await served;
    return statuses;
  }

  test('comes from a file as well', async () => {
    const DEEP_RESEARCH_CODEC_TOKEN_FILE = file('token', 'let-me-in\n');
    expect(await answersOf({ DEEP_RESEARCH_CODEC_TOKEN_FILE }, ['let-me-im', 'let-me-in'])).toEqual([401, 401, 200]);
    expect(await answersOf({}, [])).toEqual([200]);
    const DEEP_RESEARCH_CODEC_TOKEN = 'its-own';
    const both = { DEEP_RESEARCH_CODEC_TOKEN, DEEP_RESEARCH_CODEC_TOKEN_FILE };
    expect(await answersOf(both, ['let-me-in', 'its-own'])).toEqual([401, 401, 200]);
  });

  test('must be in the file: an empty one opens nothing', async () => {
    const open = (path: string) => answersOf({ DEEP_RESEARCH_CODEC_TOKEN_FILE: path }, []);
    await expect(open(file('no-token', '\n'))).rejects.toThrow(
      /DEEP_RESEARCH_CODEC_TOKEN_FILE: the file ".*no-token" is empty; expected the token\./,
    );
    await expect(open(join(folder, 'nowhere'))).rejects.toThrow(/DEEP_RESEARCH_CODEC_TOKEN_FILE: .* \(ENOENT\)/);
  });

  test('does not stop a worker with the same environment', () => {
    const DEEP_RESEARCH_CODEC_TOKEN_FILE = join(folder, 'nowhere');
    expect(() => readConfiguration({ ...MODEL, DEEP_RESEARCH_CODEC_TOKEN_FILE })).not.toThrow();
  });
});
