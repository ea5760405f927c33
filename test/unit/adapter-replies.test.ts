import { expect, test } from 'vitest';
import type { SystemFormat } from '../../activities/inference/endpoint.ts';
import { blockEvents, messageEnd, messageEvents, messageReply, messageStart } from '../support/model-apis/anthropic.ts';
import { ask, OPENING } from '../support/model-apis/ask.ts';
import { CHAT_USAGE, chatChunk, chatEvents, chatReply } from '../support/model-apis/chat-tools.ts';
import { outputOf, RESPONSE_USAGE, responseEvents, responseReply } from '../support/model-apis/responses.ts';
import type { Said } from '../support/model-apis/server.ts';

const NATIVE: [SystemFormat, (said: Said) => string][] = [
  ['aihubmix_glm', chatReply],
  ['volcano', chatReply],
  ['aliyun', chatReply],
  ['azure', responseReply],
  ['aihubmix', responseReply],
  ['aihubmix_claude', messageReply],
];

/** A reply as the transcript gives it back. */
const messageOf = ({ text, reasoning, calls, native }: Awaited<ReturnType<typeof ask>>['reply']) => ({
  role: 'assistant' as const,
  content: text,
  reasoning,
  calls,
  native,
});

test.each(NATIVE)('%s: reasoning, text, parallel calls and usage', async (format, said) => {
  const { reply, generated } = await ask(
    format,
    said({
      reasoning: 'Überlegt: 灯塔 🗼?',
      text: 'Ich suche.',
      calls: [
        { name: 'search', arguments: { query: ['Lampe', '灯'] } },
        { name: 'bash', arguments: { command: 'ls\necho "ü"' } },
      ],
    }),
  );
  expect(reply).toMatchObject({
    text: 'Ich suche.',
    reasoning: 'Überlegt: 灯塔 🗼?',
    calls: [
      { name: 'search', arguments: { query: ['Lampe', '灯'] }, nativeId: 'call_0' },
      { name: 'bash', arguments: { command: 'ls\necho "ü"' }, nativeId: 'call_1' },
    ],
    usage: { prompt: 100, cached: 64, completion: 20 },
    finishReason: 'tool_calls',
    endpoint: 'one',
    model: 'm',
  });
  expect(generated).toMatchObject({ text: 'Ich suche.', reasoning: 'Überlegt: 灯塔 🗼?' });
  expect(reply.firstTokenMs).toBeLessThanOrEqual(reply.elapsedMs);
});

test.each(NATIVE)('%s: an answer without reasoning or calls', async (format, said) => {
  const { reply } = await ask(format, said({ text: '<answer>So.</answer>' }));
  expect(reply).toMatchObject({ text: '<answer>So.</answer>', calls: [], finishReason: 'stop' });
  expect(reply.reasoning).toBeUndefined();
  expect(reply.native).toBeUndefined();
});

test.each(
  NATIVE,
)('%s: what came before a break is in `generated`, and a stop is no failure of the server', async (format, said) => {
  const body = said({ reasoning: 'Long thought.', text: 'The answer of many words.' });
  // Behind the first half of the text.
  const half = Buffer.from(body.slice(0, body.indexOf('of many words.') - 20));
  const generated = { text: '', reasoning: '' };
  const broken = ask(format, { body: [half], cut: true }, { generated });
  await expect(broken).rejects.toMatchObject({ type: 'ModelUnavailable', nonRetryable: false });
  expect(generated.reasoning).toBe('Long thought.');
  expect('The answer of many words.'.startsWith(generated.text)).toBe(true);
  expect(generated.text.length).toBeGreaterThan(5);
  const stop = new Error('stopped');
  await expect(ask(format, body, { signal: AbortSignal.abort(stop) })).rejects.toBe(stop);
});

test.each(NATIVE)('%s: calls that cannot be run say why and do not throw', async (format, said) => {
  const { reply } = await ask(
    format,
    said({
      calls: [
        { name: 'execute_code', arguments: { code: '1' } },
        { name: 'Search', arguments: { query: 'x' } },
        { name: 'fly', arguments: {} },
      ],
    }),
  );
  expect(reply.calls).toMatchObject([
    { name: 'execute_code', error: expect.stringContaining('no tool named "execute_code"') },
    { name: 'search', arguments: { query: 'x' } },
    { name: 'fly', error: expect.stringContaining('Available tools: search, bash') },
  ]);
  expect(reply.calls?.[1]?.error).toBeUndefined();
});

test('broken arguments are a call with an error in each API', async () => {
  const chat = chatEvents([
    chatChunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'search', arguments: '{"query": "lam' } }] }),
    chatChunk({}, 'tool_calls'),
  ]);
  const responses = responseEvents([
    {
      type: 'response.completed',
      response: {
        status: 'completed',
        output: [{ type: 'function_call', call_id: 'c', name: 'search', arguments: '{"query": "lam' }],
      },
    },
  ]);
  const claude = messageEvents([
    messageStart,
    ...blockEvents(0, { type: 'tool_use', id: 'c', name: 'search', input: {} }, [
      { type: 'input_json_delta', partial_json: '{"query": "lam' },
    ]),
    ...messageEnd('max_tokens'),
  ]);
  for (const [format, body] of [
    ['volcano', chat],
    ['azure', responses],
    ['aihubmix_claude', claude],
  ] as const) {
    const { reply } = await ask(format, body);
    expect(reply.calls).toEqual([
      {
        name: 'search',
        arguments: {},
        nativeId: 'c',
        error: expect.stringContaining('must be one JSON object, but they are: {"query": "lam'),
      },
    ]);
  }
});

test('a refusal is the reply’s text, and named', async () => {
  const chat = chatEvents([chatChunk({ refusal: 'I cannot.' }), chatChunk({}, 'stop')]);
  expect((await ask('aliyun', chat)).reply).toMatchObject({ text: 'I cannot.', finishReason: 'refusal' });
  const responses = responseEvents([
    { type: 'response.refusal.delta', output_index: 0, delta: 'I cannot.' },
    {
      type: 'response.completed',
      response: {
        status: 'completed',
        output: [{ type: 'message', content: [{ type: 'refusal', refusal: 'I cannot.' }] }],
        usage: RESPONSE_USAGE,
      },
    },
  ]);
  expect((await ask('azure', responses)).reply).toMatchObject({ text: 'I cannot.', finishReason: 'refusal' });
  const claude = messageEvents([messageStart, ...messageEnd('refusal')]);
  expect((await ask('aihubmix_claude', claude)).reply).toMatchObject({ text: '', finishReason: 'refusal' });
});

test('a reply that reached its limit is finished by `length`', async () => {
  const chat = chatEvents([chatChunk({ content: 'So' }), chatChunk({}, 'length'), { choices: [], usage: CHAT_USAGE }]);
  expect((await ask('volcano', chat)).reply).toMatchObject({ text: 'So', finishReason: 'length' });
  const responses = responseEvents([
    {
      type: 'response.incomplete',
      response: {
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
        output: outputOf({ reasoning: 'Hm.' }),
        usage: RESPONSE_USAGE,
      },
    },
  ]);
  expect((await ask('azure', responses)).reply).toMatchObject({ text: '', reasoning: 'Hm.', finishReason: 'length' });
  const claude = messageEvents([
    messageStart,
    ...blockEvents(0, { type: 'text', text: '' }, [{ type: 'text_delta', text: 'So' }]),
    ...messageEnd('max_tokens'),
  ]);
  expect((await ask('aihubmix_claude', claude)).reply).toMatchObject({ text: 'So', finishReason: 'length' });
});

test('thoughts and items go back exactly as they came, to their own API only', async () => {
  const claude = messageEvents([
    messageStart,
    ...blockEvents(0, { type: 'thinking', thinking: '', signature: '' }, [
      { type: 'thinking_delta', thinking: 'First 灯.' },
      { type: 'signature_delta', signature: 'sig-1' },
    ]),
    ...blockEvents(1, { type: 'redacted_thinking', data: 'hidden' }, []),
    ...blockEvents(2, { type: 'text', text: '' }, [{ type: 'text_delta', text: 'I look.' }]),
    ...blockEvents(3, { type: 'thinking', thinking: '', signature: '' }, [
      { type: 'thinking_delta', thinking: 'Second.' },
      { type: 'signature_delta', signature: 'sig-2' },
    ]),
    ...blockEvents(4, { type: 'tool_use', id: 'toolu_1', name: 'search', input: {} }, [
      { type: 'input_json_delta', partial_json: '{"query":"a"}' },
    ]),
    ...messageEnd('tool_use'),
  ]);
  const { reply } = await ask('aihubmix_claude', claude);
  expect(reply.reasoning).toBe('First 灯.\n\nSecond.');
  // The history holds the thought once.
  expect(JSON.stringify(reply.native)).not.toContain('First');
  const message = messageOf(reply);
  const results = { role: 'user' as const, content: '', results: [{ id: 'toolu_1', name: 'search', text: 'r' }] };
  const messages = [...OPENING, message, results];
  const own = await ask('aihubmix_claude', messageReply({ text: 'So.' }), { messages });
  expect((own.request.body.messages as { content: unknown }[])[1]?.content).toEqual([
    { type: 'thinking', thinking: 'First 灯.', signature: 'sig-1' },
    { type: 'redacted_thinking', data: 'hidden' },
    { type: 'text', text: 'I look.' },
    { type: 'thinking', thinking: 'Second.', signature: 'sig-2' },
    { type: 'tool_use', id: 'toolu_1', name: 'search', input: { query: 'a' } },
  ]);
  expect(own.request.body.thinking).toEqual({ type: 'enabled', budget_tokens: 15_000 });
  for (const [format, body] of [
    ['azure', responseReply({ text: 'So.' })],
    ['volcano', chatReply({ text: 'So.' })],
  ] as const) {
    const { request } = await ask(format, body, { messages });
    expect(request.text).not.toMatch(/sig-1|hidden/);
    expect(request.text).toContain('toolu_1');
  }
});

test('reasoning items go back to the endpoint that encrypted them', async () => {
  const said = { reasoning: 'Hm. 灯', text: 'I look.', calls: [{ name: 'search', arguments: { query: 'a' } }] };
  const { reply } = await ask('azure', responseReply(said));
  expect(JSON.stringify(reply.native)).not.toContain('Hm.');
  const message = messageOf(reply);
  const messages = [...OPENING, message];
  const own = await ask('azure', responseReply({ text: 'So.' }), { messages });
  expect((own.request.body.input as unknown[]).slice(2)).toEqual([
    {
      type: 'reasoning',
      id: 'rs_call',
      encrypted_content: 'sealed:call',
      summary: [{ type: 'summary_text', text: 'Hm. 灯' }],
    },
    { role: 'assistant', content: 'I look.' },
    { type: 'function_call', call_id: 'call_0', name: 'search', arguments: '{"query":"a"}' },
  ]);
  const other = await ask('azure', responseReply({ text: 'So.' }), { messages, endpoint: { name: 'two' } });
  expect(other.request.text).not.toContain('sealed');
  expect(other.request.text).toContain('call_0');
});
