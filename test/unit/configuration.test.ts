import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describe as describeConfiguration } from '../../worker/configuration/describe.ts';
import { ConfigurationError, readConfiguration } from '../../worker/configuration/index.ts';
import { readVariables } from '../../worker/configuration/sources.ts';

const MODEL = { LLM_SERVER_BASE_ENDPOINT_URL: 'http://gpu:8000', LLM_SERVER_MODEL_NAME: 'm' };
let folder = '';
let file = '';

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'configuration-')));
  file = join(folder, 'settings.json');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function withFile(content: unknown, env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return { ...env, S1_DR_CONFIG_JSON: file };
}

/** The faults told about an environment. */
function problems(
  env: NodeJS.ProcessEnv,
  read: (env: NodeJS.ProcessEnv) => unknown = readVariables,
): readonly string[] {
  try {
    read(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

describe('where a value comes from', () => {
  test('the file wins over the environment, and that over the default', () => {
    expect(readVariables({}).CLIENT_TIMEOUT).toBe(1800);
    expect(readVariables({ CLIENT_TIMEOUT: '60' }).CLIENT_TIMEOUT).toBe(60);
    expect(readVariables(withFile({ CLIENT_TIMEOUT: 7 }, { CLIENT_TIMEOUT: '60' })).CLIENT_TIMEOUT).toBe(7);
    expect(readVariables(withFile({ CLIENT_TIMEOUT: null }, { CLIENT_TIMEOUT: '60' })).CLIENT_TIMEOUT).toBe(60);
  });

  test("the original's keys have its prefix as well, which the plain name wins over", () => {
    expect(readVariables({ S1_DR_CLIENT_TIMEOUT: '60' }).CLIENT_TIMEOUT).toBe(60);
    expect(readVariables({ S1_DR_CLIENT_TIMEOUT: '60', CLIENT_TIMEOUT: '5' }).CLIENT_TIMEOUT).toBe(5);
  });

  test('an empty variable is as good as none, and so is the placeholder of a key', () => {
    expect(readVariables({ CLIENT_TIMEOUT: ' ', AZURE_KEY: '<your_azure_key>' })).toMatchObject({
      CLIENT_TIMEOUT: 1800,
    });
    expect(readVariables({ AZURE_KEY: '<your_azure_key>' }).AZURE_KEY).toBeUndefined();
  });

  test.each(['http://a,http://b', ' http://a , http://b, ', '["http://a", "http://b"]'])('a list: %s', (given) => {
    expect(readVariables({ LLM_SERVER_BASE_ENDPOINT_URL: given }).LLM_SERVER_BASE_ENDPOINT_URL).toEqual([
      'http://a',
      'http://b',
    ]);
  });

  test('in the file a list is a list or a single value', () => {
    const read = (value: unknown) => readVariables(withFile({ LLM_SERVER_MODEL_NAME: value })).LLM_SERVER_MODEL_NAME;
    expect(read(['a', 'b'])).toEqual(['a', 'b']);
    expect(read('a')).toEqual(['a']);
  });

  test.each([
    ['1', true],
    ['on', true],
    ['True', true],
    ['no', false],
    ['0', false],
  ])('a flag: %s', (given, expected) => {
    expect(readVariables({ WEB_BASED_TOOLS_USE_CACHE: given }).WEB_BASED_TOOLS_USE_CACHE).toBe(expected);
  });
});

describe('what is wrong is named', () => {
  test.each([
    ['CLIENT_TIMEOUT', '1.5', 'a whole number from 1 to 86400'],
    ['CLIENT_TIMEOUT', 'soon', 'a whole number from 1 to 86400'],
    ['LLM_SERVER_BASE_ENDPOINT_URL', 'gpu:8000', 'http or https URLs'],
    ['LLM_SERVER_BASE_ENDPOINT_URL', '["http://a"', 'http or https URLs'],
    ['WEB_BASED_TOOLS_USE_CACHE', 'perhaps', 'true or false'],
    ['DEEP_RESEARCH_LOG_LEVEL', 'loud', 'one of trace, debug, info, warn, error'],
  ])('%s=%s', (name, value, takes) => {
    expect(problems({ [name]: value })).toEqual([`${name}: expected ${takes}, got ${JSON.stringify(value)}.`]);
  });

  test('all faults at once, one a line', () => {
    const env = { CLIENT_TIMEOUT: 'x', DEEP_RESEARCH_LOG_LEVEL: 'x', WORKER_ROLES: 'worker' };
    expect(problems(env)).toHaveLength(2);
    expect(
      problems({ ...MODEL, WORKER_ROLES: 'worker', DEEP_RESEARCH_CORPUS_DIR: '/nowhere' }, readConfiguration),
    ).toEqual([
      'WORKER_ROLES: expected some of workflow, inference, tools, sandbox, got "worker".',
      'DEEP_RESEARCH_CORPUS_DIR: there is no folder "/nowhere".',
    ]);
  });

  test('a value in the file is told with the file', () => {
    expect(problems(withFile({ CLIENT_TIMEOUT: 'x' }))[0]).toBe(
      `CLIENT_TIMEOUT in ${file}: expected a whole number from 1 to 86400, got "x".`,
    );
  });

  test.each([
    ['{', /^S1_DR_CONFIG_JSON: the file ".*" is not JSON\.$/],
    ['[]', /does not hold a JSON object/],
  ])('a file with %s', (content, message) => {
    expect(problems(withFile(content))[0]).toMatch(message);
  });

  test('a file that is not there', () => {
    expect(problems({ S1_DR_CONFIG_JSON: '/nowhere.json' })).toEqual([
      'S1_DR_CONFIG_JSON: the file "/nowhere.json" cannot be read (ENOENT).',
    ]);
  });

  test('what other programs need too may not stand in the file', () => {
    expect(problems(withFile({ TEMPORAL_TASK_QUEUE: 'q', TEMPORAL_ADDRESS: 'a:1' }))).toEqual([
      `TEMPORAL_ADDRESS in ${file}: it is read from the environment only.`,
      `TEMPORAL_TASK_QUEUE in ${file}: it is read from the environment only.`,
    ]);
  });

  test('no model server', () => {
    expect(problems({}, readConfiguration)).toEqual([
      'LLM_SERVER_BASE_ENDPOINT_URL: expected the URL of a model server, got nothing.',
    ]);
    expect(readConfiguration({ WORKER_ROLES: 'tools' }).endpoints).toEqual([]);
  });
});

describe('a misspelt name is refused with the nearest right one', () => {
  test.each([
    ['DEEP_RESEARCH_CORPUS', 'DEEP_RESEARCH_CORPUS_DIR'],
    ['DEEP_RESEARCH_CLIENT_TIMEOUT', 'CLIENT_TIMEOUT'],
    ['LLM_SERVER_URL', 'LLM_SERVER_BASE_ENDPOINT_URL'],
    ['LLM_SERVER_MODEL_NAMES', 'LLM_SERVER_MODEL_NAME'],
    ['LLM_SERVER_BASE_URL', 'LLM_SERVER_BASE_ENDPOINT_URL'],
    ['LLM_SEVER_MODEL_NAME', 'LLM_SERVER_MODEL_NAME'],
    ['S1_DR_CLIENT_TIMOUT', 'CLIENT_TIMEOUT'],
    ['CLIENT_TIMEOUTS', 'CLIENT_TIMEOUT'],
    ['ALIYUN_KEYS', 'ALIYUN_KEY'],
    ['TEMPORAL_ADRESS', 'TEMPORAL_ADDRESS'],
  ])('%s', (name, likely) => {
    expect(problems({ [name]: 'x' })).toEqual([`${name}: there is no such variable; did you mean ${likely}?`]);
  });

  test('and so is an unknown key of the file', () => {
    expect(problems(withFile({ CLIENT_TIMEOUTT: 5, anything: 1 }))).toEqual([
      `CLIENT_TIMEOUTT in ${file}: there is no such key; did you mean CLIENT_TIMEOUT?`,
      expect.stringMatching(/^anything in .*: there is no such key; did you mean \w+\?$/),
    ]);
  });

  test('what belongs to others is left alone', () => {
    const env = {
      PATH: '/bin',
      DEBUGS: '1',
      TEMPORAL_TLS_CLIENT_CERT_PATH: '/c',
      DEEP_RESEARCH_SERVICE_HOST: '10.0.0.1',
      LLM_SERVER_PORT_8000_TCP: 'tcp://10.0.0.2:8000',
      DEEP_RESEARCH_ENDPOINTS: '[{"url": "http://a", "model": "m", "apiKeyEnv": "LLM_SERVER_SECOND_KEY"}]',
      LLM_SERVER_SECOND_KEY: 'k',
    };
    expect(problems(env)).toEqual([]);
  });
});

test('secrets are in no error and not in the description', () => {
  const secret = 'sk-do-not-show';
  const env = {
    ...MODEL,
    LLM_SERVER_BASE_ENDPOINT_URL: `http://user:${secret}@gpu:8000/v1?key=${secret}`,
    LLM_SERVER_API_KEY: secret,
    SERPER_API_KEY: secret,
    DEEP_RESEARCH_ENDPOINTS: JSON.stringify([{ url: 'http://b', model: 'n', headers: { 'x-key': secret } }]),
  };
  const shown = describeConfiguration(readConfiguration(env)).join('\n');
  expect(shown).toContain('m at http://gpu:8000/v1?… (deep_research, with a key)');
  expect(shown).toContain('n at http://b');
  expect(shown).not.toContain(secret);
  expect(JSON.stringify(readConfiguration(env).endpoints)).toMatch(/\[secret\]/);

  const broken = [
    { SERPER_API_KEY: `${secret}\nx` },
    { LLM_SERVER_API_KEY: `["${secret}", 5]` },
    { DEEP_RESEARCH_ENDPOINTS: `{"headers": "${secret}"` },
    { DEEP_RESEARCH_ENDPOINTS: `[{"url": "http://b", "model": "n", "headers": ["${secret}"]}]` },
    withFile(`{"AZURE_KEY": "${secret}"`),
    withFile({ AZURE_KEY: [secret] }),
  ];
  for (const env of broken) {
    const told = problems({ ...MODEL, ...env }, readConfiguration);
    expect(told).not.toEqual([]);
    expect(told.join('\n')).not.toContain(secret);
  }
});
