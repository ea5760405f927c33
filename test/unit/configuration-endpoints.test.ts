import { describe, expect, test } from 'vitest';
import { endpointHeaders } from '../../activities/inference/endpoint.ts';
import { ConfigurationError, readConfiguration } from '../../worker/configuration/index.ts';

const read = (env: NodeJS.ProcessEnv) => readConfiguration(env).endpoints;
const objects = (...endpoints: unknown[]) => ({ DEEP_RESEARCH_ENDPOINTS: JSON.stringify(endpoints) });

function problems(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    read(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

describe('parallel lists', () => {
  test('one server', () => {
    expect(read({ LLM_SERVER_BASE_ENDPOINT_URL: 'http://a', LLM_SERVER_MODEL_NAME: 'm' })).toEqual([
      {
        name: 'default',
        url: 'http://a',
        model: 'm',
        format: 'deep_research',
        weight: 1,
        roles: ['research', 'pages'],
        variables: {
          url: 'LLM_SERVER_BASE_ENDPOINT_URL',
          model: 'LLM_SERVER_MODEL_NAME',
          apiKey: 'LLM_SERVER_API_KEY',
        },
      },
    ]);
  });

  test('by position, and a list of one serves for all', () => {
    const endpoints = read({
      LLM_SERVER_BASE_ENDPOINT_URL: 'http://a,http://b',
      LLM_SERVER_MODEL_NAME: 'm,n',
      LLM_SERVER_API_KEY: 'k',
      LLM_SERVER_SYSTEM_FORMAT: 'deep_research,azure',
      AZURE_KEY: 'az',
    });
    expect(endpoints.map(({ name, model, format }) => [name, model, format])).toEqual([
      ['endpoint-1', 'm', 'deep_research'],
      ['endpoint-2', 'n', 'azure'],
    ]);
    expect(endpoints.map(endpointHeaders)).toEqual([{ authorization: 'Bearer k' }, { 'api-key': 'az' }]);
    expect(endpoints[1]?.variables?.apiKey).toBe('AZURE_KEY');
  });

  test.each([
    ['LLM_SERVER_MODEL_NAME', {}, 0],
    ['LLM_SERVER_MODEL_NAME', { LLM_SERVER_MODEL_NAME: 'a,b' }, 2],
    ['LLM_SERVER_API_KEY', { LLM_SERVER_MODEL_NAME: 'a', LLM_SERVER_API_KEY: 'a,b' }, 2],
  ])('%s of another length', (name, more, length) => {
    expect(problems({ LLM_SERVER_BASE_ENDPOINT_URL: 'http://a,http://b,http://c', ...more })).toEqual([
      `${name}: expected one, or one for each of 3 URLs, got ${length}.`,
    ]);
  });
});

describe('DEEP_RESEARCH_ENDPOINTS', () => {
  test('takes every field, beside the lists', () => {
    const fields = {
      name: 'big',
      url: 'https://b/v1',
      model: 'n',
      format: 'aihubmix_claude',
      weight: 2.5,
      contextTokens: 32_768,
      roles: ['pages'],
      maxConcurrent: 8,
      sessionHeader: 'X-Sticky',
      dataParallelSize: 4,
      silence: { first: 1000 },
    };
    const endpoints = read({
      LLM_SERVER_BASE_ENDPOINT_URL: 'http://a',
      LLM_SERVER_MODEL_NAME: 'm',
      ...objects({ ...fields, apiKeyEnv: 'B_KEY', headers: { a: '1' }, headersEnv: { b: 'B_HEADER' } }),
      B_KEY: 'k',
      B_HEADER: '2',
    });
    expect(endpoints.map(({ name }) => name)).toEqual(['endpoint-1', 'big']);
    expect(endpoints[1]).toMatchObject({
      ...fields,
      variables: {
        url: 'DEEP_RESEARCH_ENDPOINTS[0].url',
        model: 'DEEP_RESEARCH_ENDPOINTS[0].model',
        apiKey: 'B_KEY',
      },
    });
    expect(endpointHeaders(endpoints[1]!)).toEqual({ 'x-api-key': 'k', a: '1', b: '2' });
  });

  test.each([
    [{ model: 'm' }, 'url: expected an http or https URL, got nothing.'],
    [{ url: 'http://a' }, "model: expected the model's name, got nothing."],
    [{ url: 'http://a', model: 'm', weight: 0 }, 'weight: expected a number above 0, got 0.'],
    [{ url: 'http://a', model: 'm', roles: ['all'] }, 'roles: expected some of research, pages, vision, got ["all"].'],
    [{ url: 'http://a', model: 'm', wieght: 1 }, 'wieght: there is no such field; did you mean weight?'],
    [{ url: 'http://a', model: 'm', apiKeyEnv: 'NO_KEY' }, 'apiKeyEnv: names NO_KEY, which is not set.'],
    [
      { url: 'http://a', model: 'm', silence: { frist: 1 } },
      'silence: expected an object of first and next in ms, got {"frist":1}.',
    ],
  ])('%j', (endpoint, problem) => {
    expect(problems(objects(endpoint))).toEqual([`DEEP_RESEARCH_ENDPOINTS[0].${problem}`]);
  });

  test('a name twice', () => {
    const endpoint = { name: 'x', url: 'http://a', model: 'm' };
    expect(problems(objects(endpoint, endpoint))).toEqual([
      'DEEP_RESEARCH_ENDPOINTS: expected a name of its own for each endpoint, got "x" twice.',
    ]);
  });
});

describe('the model server that looks at images', () => {
  const RESEARCH = { LLM_SERVER_BASE_ENDPOINT_URL: 'http://a', LLM_SERVER_MODEL_NAME: 'm' };
  const VISION = { DEEP_RESEARCH_VISION_URL: 'http://eye', DEEP_RESEARCH_VISION_MODEL: 'e' };

  test('is one more endpoint, for nothing else, and changes no other name', () => {
    const endpoints = read({ ...RESEARCH, ...VISION, DEEP_RESEARCH_VISION_API_KEY: 'k' });
    expect(endpoints.map(({ name, roles }) => [name, roles])).toEqual([
      ['default', ['research', 'pages']],
      ['vision', ['vision']],
    ]);
    expect(endpointHeaders(endpoints[1]!)).toEqual({ authorization: 'Bearer k' });
  });

  test.each([
    [
      { ...RESEARCH, DEEP_RESEARCH_VISION_URL: 'http://eye' },
      'DEEP_RESEARCH_VISION_MODEL: expected the name of its model',
    ],
    [
      { ...RESEARCH, DEEP_RESEARCH_VISION_MODEL: 'e' },
      'DEEP_RESEARCH_VISION_URL: expected the URL of the model server',
    ],
    [
      { ...RESEARCH, ...VISION, DEEP_RESEARCH_VISION_URL: 'eye:1' },
      'DEEP_RESEARCH_VISION_URL: expected an http or https URL',
    ],
    // It cannot do the research.
    [VISION, 'LLM_SERVER_BASE_ENDPOINT_URL: expected the URL of a model server, got nothing.'],
    [
      { ...RESEARCH, ...VISION, ...objects({ url: 'http://b', model: 'c', name: 'vision' }) },
      'expected a name of its own for each endpoint, got "vision" twice.',
    ],
    [
      {
        ...RESEARCH,
        ...objects({ url: 'http://b', model: 'c', format: 'azure', roles: ['vision'] }),
        DEEP_RESEARCH_VISION_VIDEO: 'whole',
      },
      'DEEP_RESEARCH_VISION_VIDEO: expected frames, got "whole": the endpoint endpoint-2 has the format azure',
    ],
  ])('%j', (env, problem) => expect(problems(env).join(' ')).toContain(problem));
});
