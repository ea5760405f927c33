import { expect, test } from 'vitest';
import type { SystemFormat } from '../../activities/inference/endpoint.ts';
import { messageReply } from '../support/model-apis/anthropic.ts';
import { ask } from '../support/model-apis/ask.ts';
import { CHAT_USAGE, chatChunk, chatEvents, chatReply } from '../support/model-apis/chat-tools.ts';
import { outputOf, RESPONSE_USAGE, responseReply } from '../support/model-apis/responses.ts';
import type { ApiAnswer } from '../support/model-apis/server.ts';

const end = chatChunk({}, 'stop');
const piece = (fields: object) => chatChunk({ tool_calls: [fields] });
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

const EVERY: [SystemFormat, string][] = [
  ['deep_research', chatReply({ text: 'Grün 灯 🗼.' })],
  ['volcano', chatReply({ text: 'Grün 灯 🗼.' })],
  ['azure', responseReply({ text: 'Grün 灯 🗼.' })],
  ['aihubmix_claude', messageReply({ text: 'Grün 灯 🗼.' })],
];

test.each<[string, object[], { text: string; reasoning?: string }]>([
  ['reasoning', [chatChunk({ reasoning: 'Hm.' }), chatChunk({ content: 'So.' })], { text: 'So.', reasoning: 'Hm.' }],
  [
    'reasoning_content',
    [chatChunk({ reasoning_content: 'Hm.' }), chatChunk({ content: 'So.' })],
    { text: 'So.', reasoning: 'Hm.' },
  ],
  [
    'both reasoning fields, which say the same',
    [chatChunk({ reasoning: 'Hm.', reasoning_content: 'Hm.' }), chatChunk({ content: 'So.' })],
    { text: 'So.', reasoning: 'Hm.' },
  ],
  ['a thought in the text', [chatChunk({ content: '<think>Hm.</think>\n\nSo.' })], { text: 'So.', reasoning: 'Hm.' }],
  [
    'a thought without its opening tag',
    [chatChunk({ content: 'Hm.</think>' }), chatChunk({ content: 'So.' })],
    { text: 'So.', reasoning: 'Hm.' },
  ],
  ['nothing said', [chatChunk({ role: 'assistant', content: null })], { text: '' }],
  [
    'several content parts',
    [chatChunk({ content: [{ type: 'text', text: 'S' }, { type: 'image' }, { type: 'text', text: 'o.' }] })],
    { text: 'So.' },
  ],
  ['chunks without choices', [{ choices: [] }, { id: 'x' }, chatChunk({ content: 'So.' })], { text: 'So.' }],
])('chat completions: %s', async (_, chunks, said) => {
  const { reply } = await ask('volcano', chatEvents([...chunks, end]));
  expect({ text: reply.text, reasoning: reply.reasoning }).toEqual({ reasoning: undefined, ...said });
});

test.each<[string, string, string]>([
  [
    'the whole thought apart',
    chatEvents([chatChunk({ reasoning: 'Hm.' }), chatChunk({ content: 'So.' }), end]),
    '<think>\nHm.\n</think>\n\nSo.',
  ],
  ['a missing opening tag', chatEvents([chatChunk({ content: 'Hm.</think>So.' }), end]), '<think>\nHm.</think>So.'],
])('the text protocol has the thought in its text: %s', async (_, body, text) => {
  expect((await ask('deep_research', body)).reply.text).toBe(text);
});

const A = { name: 'search', arguments: { query: 'a' } };
const B = { name: 'bash', arguments: { command: 'b' } };

test.each<[string, object[], object[]]>([
  [
    'by index, the id only in the first piece',
    [
      piece({ index: 0, id: 'x', function: { name: 'search', arguments: '{"que' } }),
      piece({ index: 0, function: { arguments: 'ry":"a"}' } }),
    ],
    [{ ...A, nativeId: 'x' }],
  ],
  [
    'an empty id and the name again in later pieces',
    [
      piece({ index: 0, id: 'x', function: { name: 'search', arguments: '{"que' } }),
      piece({ index: 0, id: '', function: { name: 'search', arguments: 'ry":"a"}' } }),
    ],
    [{ ...A, nativeId: 'x' }],
  ],
  [
    'a name that is split',
    [
      piece({ index: 0, id: 'x', function: { name: 'sea' } }),
      piece({ index: 0, function: { name: 'rch', arguments: '{"query":"a"}' } }),
    ],
    [{ ...A, nativeId: 'x' }],
  ],
  [
    'without index, told apart by ids',
    [
      piece({ id: 'x', function: { name: 'search', arguments: '{"query":' } }),
      piece({ id: 'x', function: { arguments: '"a"}' } }),
      piece({ id: 'y', function: { name: 'bash', arguments: '{"command":"b"}' } }),
    ],
    [
      { ...A, nativeId: 'x' },
      { ...B, nativeId: 'y' },
    ],
  ],
  [
    'without index and id, a name begins the next call',
    [
      piece({ function: { name: 'search', arguments: '{"query":' } }),
      piece({ function: { arguments: '"a"}' } }),
      piece({ function: { name: 'bash', arguments: '{"command":"b"}' } }),
    ],
    [A, B],
  ],
  [
    'every call as the first, told apart by ids',
    [
      piece({ index: 0, id: 'x', function: { name: 'search', arguments: '{"query":"a"}' } }),
      piece({ index: 0, id: 'y', function: { name: 'bash', arguments: '{"command":"b"}' } }),
    ],
    [
      { ...A, nativeId: 'x' },
      { ...B, nativeId: 'y' },
    ],
  ],
  [
    'two calls that take turns',
    [
      piece({ index: 0, id: 'x', function: { name: 'search', arguments: '{"query":' } }),
      piece({ index: 1, id: 'y', function: { name: 'bash', arguments: '{"command":' } }),
      piece({ index: 0, function: { arguments: '"a"}' } }),
      piece({ index: 1, function: { arguments: '"b"}' } }),
    ],
    [
      { ...A, nativeId: 'x' },
      { ...B, nativeId: 'y' },
    ],
  ],
  [
    'two calls in one chunk, arguments as an object, one id twice',
    [
      chatChunk({
        tool_calls: [
          { index: 0, id: 'x', function: { name: 'search', arguments: { query: 'a' } } },
          { index: 1, id: 'x', function: { name: 'bash', arguments: { command: 'b' } } },
        ],
      }),
    ],
    [{ ...A, nativeId: 'x' }, B],
  ],
  [
    'no name at all',
    [piece({ index: 0, id: 'x', function: { arguments: '{}' } })],
    [
      {
        name: 'unknown',
        arguments: {},
        nativeId: 'x',
        error: expect.stringContaining('Available tools: search, bash'),
      },
    ],
  ],
])('calls in pieces: %s', async (_, chunks, calls) => {
  const { reply } = await ask('aliyun', chatEvents([...chunks, chatChunk({}, 'tool_calls')]));
  expect(reply.calls).toEqual(calls);
});

test.each<[string, (object | null | undefined)[], object]>([
  ['absent', [undefined, undefined], { prompt: 0, cached: 0, completion: 0 }],
  ['null', [null, null], { prompt: 0, cached: 0, completion: 0 }],
  [
    'in every chunk',
    [{ prompt_tokens: 100, completion_tokens: 1 }, CHAT_USAGE],
    { prompt: 100, cached: 64, completion: 20 },
  ],
  ['only in the first', [CHAT_USAGE, null], { prompt: 100, cached: 64, completion: 20 }],
  [
    'without details',
    [{ prompt_tokens: 7, completion_tokens: 2, prompt_tokens_details: null }, null],
    { prompt: 7, cached: 0, completion: 2 },
  ],
])('usage %s', async (_, [first, last], usage) => {
  const chunks = [
    { ...chatChunk({ content: 'So.' }), usage: first },
    { ...end, usage: last },
  ];
  for (const format of ['deep_research', 'aihubmix_glm'] as const) {
    expect((await ask(format, chatEvents(chunks))).reply.usage).toEqual(usage);
  }
});

test.each(EVERY)('%s: comments, CRLF, a field without a space and bytes one by one', async (format, body) => {
  const odd = `: ping\n\n${body}`
    .replaceAll('data: ', 'data:')
    .replaceAll('\n\n', '\n: keep-alive\n\n')
    .replaceAll('\n', '\r\n');
  const bytes = Buffer.from(odd);
  const single = Array.from(bytes, (byte) => Buffer.from([byte]));
  const { reply, generated } = await ask(format, { body: single });
  expect(reply.text).toBe('Grün 灯 🗼.');
  expect(generated.text).toBe('Grün 灯 🗼.');
});

test.each<[SystemFormat, object]>([
  [
    'deep_research',
    { choices: [{ message: { role: 'assistant', content: 'So.' }, finish_reason: 'stop' }], usage: CHAT_USAGE },
  ],
  [
    'aliyun',
    {
      choices: [
        {
          message: {
            content: 'So.',
            reasoning_content: 'Hm.',
            tool_calls: [{ id: 'c', type: 'function', function: { name: 'search', arguments: '{"query":"a"}' } }],
          },
          finish_reason: 'tool_calls',
        },
      ],
      usage: CHAT_USAGE,
    },
  ],
  [
    'azure',
    {
      object: 'response',
      status: 'completed',
      error: null,
      output: outputOf({ text: 'So.', reasoning: 'Hm.' }),
      usage: RESPONSE_USAGE,
    },
  ],
  [
    'aihubmix_claude',
    {
      type: 'message',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: 's' },
        { type: 'text', text: 'So.' },
        { type: 'tool_use', id: 'c', name: 'search', input: { query: 'a' } },
      ],
      stop_reason: 'tool_use',
      usage: { input_tokens: 36, cache_read_input_tokens: 64, output_tokens: 20 },
    },
  ],
])('%s: a plain JSON reply where a stream was asked for', async (format, body) => {
  const { reply } = await ask(format, { headers: JSON_TYPE, body: JSON.stringify(body) });
  expect(reply).toMatchObject({ text: 'So.', usage: { prompt: 100, cached: 64, completion: 20 } });
  if (format === 'aliyun' || format === 'aihubmix_claude') {
    expect(reply).toMatchObject({ reasoning: 'Hm.', calls: [{ ...A, nativeId: 'c' }], finishReason: 'tool_calls' });
  }
});

/** A stream without its last event. */
const unfinished = (body: string) => body.slice(0, body.lastIndexOf('\n\n', body.length - 3) - 40);

test.each(EVERY)('%s: what is no reply is worth another try', async (format, body) => {
  const broken: ApiAnswer[] = [
    { body: body.slice(0, body.length >> 1), cut: true },
    { body: unfinished(body.slice(0, body.lastIndexOf(format === 'azure' ? 'event: response.completed' : 'stop'))) },
    { body: '' },
    { body: 'data: {"choices": [{"de\n\n' },
    { body: 'data: 17\n\n' },
    { body: '<html>gateway</html>', headers: { 'content-type': 'text/html' } },
    { body: '{"choices":', headers: JSON_TYPE },
    { body: '[]', headers: JSON_TYPE },
  ];
  for (const answer of broken) {
    await expect(ask(format, answer), JSON.stringify(answer).slice(0, 90)).rejects.toMatchObject({
      type: 'ModelUnavailable',
      nonRetryable: false,
    });
  }
});

test.each(['abort', 'network_error'])('a server that ends the reply by "%s" has not finished it', async (reason) => {
  const body = chatEvents([chatChunk({ content: 'So' }), chatChunk({}, reason)]);
  await expect(ask('deep_research', body)).rejects.toMatchObject({ type: 'ModelUnavailable', nonRetryable: false });
});

test('a connection that breaks behind the end has broken nothing', async () => {
  expect((await ask('volcano', { body: chatReply({ text: 'So.' }), cut: true })).reply.text).toBe('So.');
});

test.each<[SystemFormat, object, string, number, string]>([
  ['deep_research', { error: { message: 'out of memory', code: 500 } }, 'ModelUnavailable', 500, 'out of memory'],
  [
    'deep_research',
    { error: { message: 'maximum context length is 10', type: 'BadRequestError', code: 400 } },
    'ContextOverflow',
    400,
    'context length',
  ],
  ['volcano', { error: { message: 'slow down', code: '429' } }, 'ModelUnavailable', 429, 'slow down'],
  ['aliyun', { error: { message: 'bad', type: 'invalid_request_error' } }, 'ModelRejected', 400, 'bad'],
  ['azure', { type: 'error', code: 'rate_limit_exceeded', message: 'slow down' }, 'ModelUnavailable', 429, 'slow down'],
  ['azure', { type: 'error', error: { code: 'server_error', message: 'sorry' } }, 'ModelUnavailable', 500, 'sorry'],
  [
    'azure',
    { type: 'response.failed', response: { error: { code: 'context_length_exceeded', message: 'Too much.' } } },
    'ContextOverflow',
    400,
    'Too much.',
  ],
  [
    'azure',
    { object: 'response', status: 'failed', error: { code: 'server_error', message: 'sorry' } },
    'ModelUnavailable',
    500,
    'sorry',
  ],
  [
    'aihubmix_claude',
    { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    'ModelUnavailable',
    529,
    'Overloaded',
  ],
  [
    'aihubmix_claude',
    { type: 'error', error: { type: 'invalid_request_error', message: 'prompt is too long: 9 > 8' } },
    'ContextOverflow',
    400,
    'too long',
  ],
])('%s: the error %j inside a reply with status 200', async (format, error, type, status, text) => {
  for (const answer of [
    { body: `data: ${JSON.stringify(error)}\n\ndata: [DONE]\n\n` },
    { body: JSON.stringify(error), headers: JSON_TYPE },
  ]) {
    await expect(ask(format, answer)).rejects.toMatchObject({
      type,
      message: expect.stringContaining(text),
      details: [{ status }],
    });
  }
});

test.each(EVERY)('%s: a limit beyond what is left is sent without', async (format, body) => {
  if (format === 'aihubmix_claude') return;
  const refusal = {
    status: 400,
    headers: JSON_TYPE,
    body: JSON.stringify({ error: { message: 'max_tokens=9 cannot be greater than 5' } }),
  };
  const { request, reply } = await ask(format, [refusal, { body }], { model: { maxTokens: 9 } });
  expect(reply.text).toBe('Grün 灯 🗼.');
  expect(request.text).not.toMatch(/max_(output_)?tokens/);
});
