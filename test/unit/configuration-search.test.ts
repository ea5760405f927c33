import { expect, test } from 'vitest';
import type { OwnTool } from '../../activities/tools/own-tool.ts';
import { describe as describeConfiguration } from '../../worker/configuration/describe.ts';
import { ConfigurationError, readConfiguration } from '../../worker/configuration/index.ts';
import { pollsOf, sessionQueues } from '../../worker/queues.ts';
import { checkToolRates } from '../../worker/start-checks/tool-rates.ts';

const MODEL = { LLM_SERVER_BASE_ENDPOINT_URL: 'http://gpu:8000', LLM_SERVER_MODEL_NAME: 'm' };
const read = (env: NodeJS.ProcessEnv) => readConfiguration({ ...MODEL, ...env });

test.each<[string, object]>([
  ['search=5, google_scholar=0.3', { search: 5, google_scholar: 0.3 }],
  ['{"visit": 10}', { visit: 10 }],
  ['', {}],
])('the limits %j', (DEEP_RESEARCH_TOOL_RATES, rates) => {
  expect(read({ DEEP_RESEARCH_TOOL_RATES }).toolRates).toEqual(rates);
});

test.each<[NodeJS.ProcessEnv, RegExp]>([
  [{ DEEP_RESEARCH_TOOL_RATES: 'bash=5' }, /DEEP_RESEARCH_TOOL_RATES: bash cannot be limited; code and commands/],
  [
    { DEEP_RESEARCH_TOOL_RATES: 'search=0' },
    /DEEP_RESEARCH_TOOL_RATES: expected some of search, .* above 0, got "search=0"/,
  ],
  [{ DEEP_RESEARCH_TOOL_RATES: 'search' }, /expected some of search, .*, got "search"/],
  [{ DEEP_RESEARCH_TOOL_RATES: 'search=fast' }, /expected some of search, .*, got "search=fast"/],
  [
    { DEEP_RESEARCH_PROVIDER_URLS: 'serper=nowhere' },
    /DEEP_RESEARCH_PROVIDER_URLS: expected name=URL, .*, got "serper=nowhere"/,
  ],
  [
    { DEEP_RESEARCH_PROVIDER_URLS: 'serpre=http://x' },
    /DEEP_RESEARCH_PROVIDER_URLS names "serpre"; did you mean serper\?/,
  ],
  [{ DEEP_RESEARCH_CACHE_KEEP_DAYS: '0' }, /DEEP_RESEARCH_CACHE_KEEP_DAYS: expected a whole number from 1/],
])('%o is refused', (env, message) => {
  expect(() => read(env)).toThrow(ConfigurationError);
  expect(() => read(env)).toThrow(message);
});

test('a limit for a tool that there is not names the nearest, own tools among them', () => {
  const tide = { name: 'tide_table' } as OwnTool;
  const problemsOf = (rates: string) => () => checkToolRates(read({ DEEP_RESEARCH_TOOL_RATES: rates }), [tide]);
  expect(problemsOf('serch=5')).toThrow('DEEP_RESEARCH_TOOL_RATES: there is no tool "serch"; did you mean search?');
  expect(problemsOf('tide_tabel=5')).toThrow('did you mean tide_table?');
  expect(problemsOf('tide_table=5,visit=1')).not.toThrow();
});

test('a limited tool has a queue of its own, which workers that serve tools poll', () => {
  const env = { DEEP_RESEARCH_TOOL_RATES: 'search=2' };
  const limited = { taskQueue: 'deep-research-search', workflows: false, activities: { only: 'search', perSecond: 2 } };
  expect(sessionQueues(read(env))).toEqual({ tools: { search: 'deep-research-search' } });
  expect(pollsOf(read(env))).toEqual([{ taskQueue: 'deep-research', workflows: true, activities: 'all' }, limited]);
  expect(pollsOf(read({ ...env, WORKER_ROLES: 'inference' })).map(({ taskQueue }) => taskQueue)).toEqual([
    'deep-research-inference',
  ]);
  expect(pollsOf(read({ ...env, WORKER_ROLES: 'tools' }))).toContainEqual(limited);
});

test('the start of the log names providers, cache and limits, and no key', () => {
  const lines = describeConfiguration(
    read({
      SERPER_API_KEY: 'sk-never-shown',
      DEEP_RESEARCH_IMAGE_PROVIDERS: 'none',
      DEEP_RESEARCH_CACHE_DIR: '/shared/cache',
      DEEP_RESEARCH_TOOL_RATES: 'search=2',
    }),
  ).join('\n');
  expect(lines).toMatch(/web search serper wikipedia; scholar serper openalex .*; images none/);
  expect(lines).toMatch(/cache \/shared\/cache, at most 24 h old/);
  expect(lines).toMatch(/at most 2 search a second/);
  expect(lines).not.toMatch(/never-shown/);
});
