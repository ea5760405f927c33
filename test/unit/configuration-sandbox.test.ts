import { describe, expect, test } from 'vitest';
import { describe as lines } from '../../worker/configuration/describe.ts';
import { readConfiguration } from '../../worker/configuration/index.ts';

const MODEL = { LLM_SERVER_BASE_ENDPOINT_URL: 'http://localhost:1', LLM_SERVER_MODEL_NAME: 'm' };
const read = (env: NodeJS.ProcessEnv) => readConfiguration({ ...MODEL, ...env });
const sandboxLine = (env: NodeJS.ProcessEnv) => lines(read(env)).find((line) => line.startsWith('Sandbox:'));

test('commands are processes unless containers are asked for, and the start says what that means', () => {
  expect(read({}).docker).toBeUndefined();
  expect(sandboxLine({})).toMatch(
    /processes of this user, for trying out; they can read its files and use the network/,
  );
});

test('containers have nothing but what is given to them', () => {
  expect(read({ SANDBOX_MODE: 'docker' }).docker).toEqual({
    image: 'deep-research-sandbox',
    network: 'none',
    memoryBytes: 4 * 2 ** 30,
    cpus: 1,
    processes: 256,
    diskBytes: 4 * 2 ** 30,
  });
  const env = {
    SANDBOX_MODE: 'docker',
    DEEP_RESEARCH_SANDBOX_IMAGE: 'ours:2',
    DEEP_RESEARCH_SANDBOX_RUNTIME: 'runsc',
    DEEP_RESEARCH_SANDBOX_NETWORK: 'filtered',
    DEEP_RESEARCH_SANDBOX_MEMORY_MB: '512',
    DEEP_RESEARCH_SANDBOX_CPUS: '0.5',
    DEEP_RESEARCH_SANDBOX_PROCESSES: '64',
    DEEP_RESEARCH_SANDBOX_DISK_MB: '100',
  };
  expect(read(env).docker).toMatchObject({ image: 'ours:2', runtime: 'runsc', network: 'filtered', cpus: 0.5 });
  expect(sandboxLine(env)).toBe(
    'Sandbox: containers of ours:2 with runsc; network filtered; 0.5 GiB of memory, 0.5 CPUs, 64 processes, 0.1 GiB of disk each',
  );
});

describe('is refused with a sentence that names the variable', () => {
  test.each([
    [{ SANDBOX_MODE: 'doker' }, 'SANDBOX_MODE: expected one of subprocess, docker, got "doker"'],
    [
      { SANDBOX_MODE: 'docker', DEEP_RESEARCH_SANDBOX_NETWORK: 'host' },
      'DEEP_RESEARCH_SANDBOX_NETWORK: "host" would give commands the network of this machine',
    ],
    [
      { SANDBOX_MODE: 'docker', DEEP_RESEARCH_SANDBOX_NETWORK: 'container:db' },
      'DEEP_RESEARCH_SANDBOX_NETWORK: "container:db" would give commands the network of another container',
    ],
    [
      { SANDBOX_MODE: 'docker', DEEP_RESEARCH_SANDBOX_HOST_STATE_DIR: 'state' },
      'DEEP_RESEARCH_SANDBOX_HOST_STATE_DIR: expected an absolute path, got "state"',
    ],
    [{ DEEP_RESEARCH_SANDBOX_CPU: '2' }, 'did you mean DEEP_RESEARCH_SANDBOX_CPUS?'],
    [{ DEEP_RESEARCH_SANDBOX_CPUS: 'two' }, 'DEEP_RESEARCH_SANDBOX_CPUS: expected a number from 0.1'],
  ])('%j', (env, sentence) => {
    expect(() => read(env)).toThrow(sentence);
  });
});
