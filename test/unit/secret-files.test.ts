import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
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
