import { expect, test } from 'vitest';
import type { Message } from '../../protocol/messages.ts';
import type { ToolSchema } from '../../protocol/tool-schemas.ts';
import { messageReply } from '../support/model-apis/anthropic.ts';
import { ask, KEY, OPENING } from '../support/model-apis/ask.ts';
import { chatReply } from '../support/model-apis/chat-tools.ts';
import { responseReply } from '../support/model-apis/responses.ts';

const SEARCH: ToolSchema = {
  name: 'search',
  description: 'Search.',
  parameters: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] },
};
const tools = [SEARCH];

/** A round with two calls, one of them nonsense, and a person's word behind the results. */
const ROUND: Message[] = [
  ...OPENING,
  {
    role: 'assistant',
    content: 'I look.',
    reasoning: 'Hm. ',
    calls: [
      { name: 'search', arguments: { query: 'lamp' }, nativeId: 'c1' },
      { name: 'no such tool', arguments: {}, nativeId: 'c2' },
    ],
  },
  {
    role: 'user',
    content: '',
    results: [
      { id: 'c1', name: 'search', text: 'A lamp.' },
      { id: 'c2', name: 'no such tool', text: 'There is no such tool.' },
    ],
    notes: ['Mind the red one.'],
  },
];

const CHAT_START =
  '{"model":"m","stream_options":{"include_usage":true},"messages":[{"role":"system","content":"Be exact."},{"role":"user","content":"Which lamp?"}';
const CHAT_TOOLS =
  '"tools":[{"type":"function","function":{"name":"search","description":"Search.","parameters":{"type":"object","properties":{"query":{"type":"string"}},"required":["query"]}}}]';
const CHAT_ROUND =
  ',{"role":"assistant","content":"I look.","reasoning_content":"Hm. ","tool_calls":[{"id":"c1","type":"function","function":{"name":"search","arguments":"{\\"query\\":\\"lamp\\"}"}},{"id":"c2","type":"function","function":{"name":"no_such_tool","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"A lamp."},{"role":"tool","tool_call_id":"c2","content":"There is no such tool."},{"role":"user","content":"Mind the red one."}';

const THINKING = {
  aihubmix_glm: '"thinking":{"type":"enabled","clear_thinking":false}',
  volcano: '"thinking":{"type":"enabled"}',
  aliyun: '"enable_thinking":true,"thinking":{"type":"enabled"}',
};

test.each(['aihubmix_glm', 'volcano', 'aliyun'] as const)('%s: chat completions with tools', async (format) => {
  const { request } = await ask(format, chatReply({ text: 'So.' }), { tools, messages: ROUND });
  expect(request.path).toBe('/v1/chat/completions');
  expect(request.headers).toMatchObject({
    authorization: `Bearer ${KEY}`,
    'x-request-id': 'run-5',
    'x-session-id': 's-1',
  });
  expect(request.headers['x-ark-moderation-scene']).toBe(format === 'volcano' ? 'skip-ark-moderation' : undefined);
  expect(request.text).toBe(`${CHAT_START}${CHAT_ROUND}],${CHAT_TOOLS},${THINKING[format]},"stream":true}`);
});

const RESPONSES_INPUT =
  '"input":[{"role":"system","content":"Be exact."},{"role":"user","content":"Which lamp?"},{"role":"assistant","content":"I look."},{"type":"function_call","call_id":"c1","name":"search","arguments":"{\\"query\\":\\"lamp\\"}"},{"type":"function_call","call_id":"c2","name":"no_such_tool","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"A lamp."},{"type":"function_call_output","call_id":"c2","output":"There is no such tool."},{"role":"user","content":"Mind the red one."}]';
const RESPONSES_TOOLS =
  '"tools":[{"type":"function","name":"search","description":"Search.","parameters":{"type":"object","properties":{"query":{"type":"string"}},"required":["query"]},"strict":false}]';

test.each(['azure', 'aihubmix'] as const)('%s: Responses', async (format) => {
  const { request } = await ask(format, responseReply({ text: 'So.' }), { tools, messages: ROUND });
  expect(request.path).toBe('/v1/responses');
  expect(request.headers[format === 'azure' ? 'api-key' : 'authorization']).toBe(
    format === 'azure' ? KEY : `Bearer ${KEY}`,
  );
  expect(request.text).toBe(
    `{"model":"m",${RESPONSES_INPUT},${RESPONSES_TOOLS},"store":false,"reasoning":{"effort":"medium","summary":"detailed"},"include":["reasoning.encrypted_content"],"stream":true}`,
  );
});

test.each(['gpt-4.1', 'gpt-4o-mini'])('%s is not asked to reason', async (model) => {
  const { request } = await ask('azure', responseReply({ text: 'So.' }), {
    tools: [],
    endpoint: { model },
    model: { temperature: 0.3, topP: 0.9, maxTokens: 500 },
  });
  expect(request.text).toBe(
    `{"model":"${model}","input":[{"role":"system","content":"Be exact."},{"role":"user","content":"Which lamp?"}],"store":false,"temperature":0.3,"top_p":0.9,"max_output_tokens":500,"stream":true}`,
  );
});

test('aihubmix_claude: Messages', async () => {
  const { request } = await ask('aihubmix_claude', messageReply({ text: 'So.' }), { tools });
  expect(request.path).toBe('/v1/messages');
  expect(request.headers).toMatchObject({ 'x-api-key': KEY, 'anthropic-version': '2023-06-01' });
  expect(request.headers.authorization).toBeUndefined();
  expect(request.text).toBe(
    '{"model":"m","max_tokens":32000,"messages":[{"role":"user","content":[{"type":"text","text":"Be exact."},{"type":"text","text":"Which lamp?","cache_control":{"type":"ephemeral"}}]}],"tools":[{"type":"custom","name":"search","description":"Search.","input_schema":{"type":"object","properties":{"query":{"type":"string"}},"required":["query"]}}],"thinking":{"type":"enabled","budget_tokens":15000},"stream":true}',
  );
});

test('aihubmix_claude: results go back as tool_result, and a run that another API began is not thought on', async () => {
  const { request } = await ask('aihubmix_claude', messageReply({ text: 'So.' }), { tools, messages: ROUND });
  expect(JSON.stringify(request.body.messages)).toBe(
    '[{"role":"user","content":[{"type":"text","text":"Be exact."},{"type":"text","text":"Which lamp?","cache_control":{"type":"ephemeral"}}]},{"role":"assistant","content":[{"type":"text","text":"I look."},{"type":"tool_use","id":"c1","name":"search","input":{"query":"lamp"}},{"type":"tool_use","id":"c2","name":"no_such_tool","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"A lamp."},{"type":"tool_result","tool_use_id":"c2","content":"There is no such tool."},{"type":"text","text":"Mind the red one.","cache_control":{"type":"ephemeral"}}]}]',
  );
  expect(request.body.thinking).toBeUndefined();
});

const SAMPLING = { temperature: 0.7, topP: 0.96, repetitionPenalty: 1.05, seed: 3, stop: ['END'], maxTokens: 9000 };

test.each([
  [
    'deep_research',
    { temperature: 0.7, top_p: 0.96, repetition_penalty: 1.05, seed: 3, stop: ['END'], max_tokens: 9000 },
  ],
  ['aliyun', { temperature: 0.7, top_p: 0.96, repetition_penalty: 1.05, seed: 3, stop: ['END'], max_tokens: 9000 }],
  ['volcano', { temperature: 0.7, top_p: 0.96, stop: ['END'], max_tokens: 9000 }],
  ['aihubmix_glm', { temperature: 0.7, top_p: 0.96, stop: ['END'], max_tokens: 9000 }],
  ['azure', { max_output_tokens: 9000 }],
  ['aihubmix_claude', { top_p: 0.96, stop_sequences: ['END'], max_tokens: 9000 }],
] as const)('%s: sampling under the names the API has, extraBody last, and both in the record', async (format, named) => {
  const body = { azure: responseReply, aihubmix_claude: messageReply }[format as string] ?? chatReply;
  const extraBody = { user: 'u', metadata: { grammar: 'x'.repeat(300) } };
  const { request, reply } = await ask(format, body({ text: 'So.' }), { model: { ...SAMPLING, extraBody } });
  const names = ['temperature', 'top_p', 'repetition_penalty', 'seed', 'stop', 'stop_sequences'];
  const limits = ['max_tokens', 'max_output_tokens'];
  const sent = Object.fromEntries(
    Object.entries(request.body).filter(([name]) => [...names, ...limits].includes(name)),
  );
  expect(sent).toEqual(named);
  expect(request.body).toMatchObject(extraBody);
  expect(reply.request).toMatchObject({ ...named, user: 'u', metadata: '(314 characters)' });
  const record = Object.keys(reply.request ?? {});
  for (const left of ['model', 'messages', 'input', 'tools', 'stream']) expect(record).not.toContain(left);
  expect(JSON.stringify(reply)).not.toContain(KEY);
});

test('extraBody wins over what would be sent', async () => {
  const off = { thinking: { type: 'disabled' }, max_tokens: 700 };
  const { request } = await ask('aihubmix_claude', messageReply({ text: 'So.' }), {
    model: { temperature: 0.2, extraBody: off },
  });
  expect(request.body).toMatchObject({ ...off, temperature: 0.2 });
  const { request: chat } = await ask('volcano', chatReply({ text: 'So.' }), {
    model: { temperature: 0.2, extraBody: { temperature: 0.9, thinking: { type: 'auto' } } },
  });
  expect(chat.body).toMatchObject({ temperature: 0.9, thinking: { type: 'auto' } });
});

test('a small limit leaves the thought less, or nothing', async () => {
  const thinkingOf = async (maxTokens: number) =>
    (await ask('aihubmix_claude', messageReply({ text: 'So.' }), { model: { maxTokens } })).request.body.thinking;
  expect(await thinkingOf(8000)).toEqual({ type: 'enabled', budget_tokens: 6976 });
  expect(await thinkingOf(1500)).toBeUndefined();
});

test('without settings the record is left out', async () => {
  const { reply } = await ask('deep_research', chatReply({ text: 'So.' }));
  expect('request' in reply).toBe(false);
});

test.each([
  ['http://h', 'azure', '/v1/responses'],
  ['/openai/v1', 'azure', '/openai/v1/responses'],
  ['/openai/responses?api-version=2025-04-01-preview', 'azure', '/openai/responses?api-version=2025-04-01-preview'],
  ['/api/v3/', 'volcano', '/api/v3/chat/completions'],
  ['/compatible-mode/v1/chat/completions', 'aliyun', '/compatible-mode/v1/chat/completions'],
  ['/v1/messages', 'aihubmix_claude', '/v1/messages'],
] as const)('a base URL %s of %s leads to %s', async (base, format, path) => {
  const { apiUrl } = await import('../../activities/inference/endpoint.ts');
  const url = `https://host${base.replace('http://h', '')}`;
  const api = { azure: 'responses', aihubmix_claude: 'messages' }[format as string] ?? 'chat/completions';
  expect(apiUrl({ url }, api)).toBe(`https://host${path}`);
});
