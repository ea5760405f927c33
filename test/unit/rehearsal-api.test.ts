import { describe, expect, test } from 'vitest';
import { all, type Json, systemPrompt, until, withRehearsal } from './rehearsal-client.ts';

const MESSAGES = [systemPrompt('search'), { role: 'user', content: 'When was the bridge built?' }];
const CHAT = '/v1/chat/completions';

describe('chat completions', () => {
  test('stream the text that they give whole, with the usage last', async () => {
    await withRehearsal({}, async ({ chat, events }) => {
      const whole = await chat({ messages: MESSAGES });
      const stream: Json[] = await all(events(CHAT, { messages: MESSAGES, stream_options: { include_usage: true } }));
      expect(stream.at(-1)).toBe('[DONE]');
      const usage = stream.at(-2);
      expect(usage.choices).toEqual([]);
      expect(usage.usage.completion_tokens).toBe(whole.usage.completion_tokens);
      expect(usage.usage.prompt_tokens_details.cached_tokens).toBeGreaterThan(0);
      const chunks = stream.slice(0, -2);
      expect(chunks[0].choices[0].delta).toEqual({ role: 'assistant', content: '' });
      expect(chunks.map(({ choices }) => choices[0].delta.content).join('')).toBe(whole.choices[0].message.content);
      expect(chunks.map(({ choices }) => choices[0].finish_reason).filter(Boolean)).toEqual(['stop']);
      expect(chunks.every((chunk) => !('usage' in chunk) && chunk.object === 'chat.completion.chunk')).toBe(true);
      expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    });
  });

  test('put usage into every chunk, and token ids, where they are asked for', async () => {
    await withRehearsal({}, async ({ events, post }) => {
      const stream: Json[] = await all(
        events(CHAT, {
          messages: MESSAGES,
          return_token_ids: true,
          stream_options: { include_usage: true, continuous_usage_stats: true },
        }),
      );
      const chunks = stream.slice(0, -2);
      const { body: tokenized } = await post('/tokenize', { model: 'rehearsal', messages: MESSAGES });
      expect(chunks[0].prompt_token_ids).toEqual(tokenized.tokens);
      const ids = chunks.flatMap(({ choices }) => choices[0].token_ids ?? []);
      const text = chunks.map(({ choices }) => choices[0].delta.content).join('');
      const { body: detokenized } = await post('/detokenize', { tokens: ids });
      expect(detokenized.prompt).toBe(`${text}<|im_end|>`);
      expect(chunks.at(-1).usage).toMatchObject({
        prompt_tokens: tokenized.count,
        completion_tokens: ids.length,
        total_tokens: tokenized.count + ids.length,
      });
    });
  });

  test('are numbered by the request header', async () => {
    await withRehearsal({}, async ({ post }) => {
      const { body } = await post(CHAT, { messages: MESSAGES }, { 'X-Request-Id': 'abc' });
      expect(body.id).toBe('chatcmpl-abc');
    });
  });

  test('end at max_tokens, and before a stop string', async () => {
    await withRehearsal({}, async ({ chat }) => {
      const full: string = (await chat({ messages: MESSAGES })).choices[0].message.content;
      const short = await chat({ messages: MESSAGES, max_tokens: 7 });
      expect(short.usage.completion_tokens).toBe(7);
      expect(short.choices[0].finish_reason).toBe('length');
      expect(full.startsWith(short.choices[0].message.content)).toBe(true);
      const stopped = (await chat({ messages: MESSAGES, stop: ['</tool_call>', 'nowhere'] })).choices[0];
      expect(stopped).toMatchObject({ finish_reason: 'stop', stop_reason: '</tool_call>' });
      expect(stopped.message.content).toBe(full.slice(0, full.indexOf('</tool_call>')));
    });
  });
});

test('a slow reply comes a token at a time, and no faster than asked', async () => {
  await withRehearsal({ tokensPerSecond: 0.001 }, async ({ events }) => {
    const startedAt = performance.now();
    const body = { messages: MESSAGES, max_tokens: 10, return_token_ids: true };
    const stream = await all(events(CHAT, { ...body, rehearsal: { tokenDelayMs: 20, replyDelayMs: 100 } }));
    expect(performance.now() - startedAt).toBeGreaterThan(290);
    const sizes = stream.slice(1, -1).map(({ choices }) => choices[0].token_ids.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(10);
    expect(sizes.length).toBeGreaterThan(1);
  });
});

describe('errors', () => {
  const long = { role: 'user', content: 'word '.repeat(2000) };
  test.each([
    [
      'a prompt that is too long',
      CHAT,
      { messages: [long] },
      400,
      'input_tokens',
      "This model's maximum context length is 1000 tokens. However, your prompt contains at least 1001 input tokens",
    ],
    [
      'prompt and output together',
      CHAT,
      { messages: MESSAGES, max_tokens: 990 },
      400,
      'input_tokens',
      'However, you requested 990 output tokens and your prompt contains at least',
    ],
    [
      'max_tokens alone',
      CHAT,
      { messages: MESSAGES, max_tokens: 1001 },
      400,
      'max_tokens',
      'max_tokens=1001 cannot be greater than max_model_len=1000.',
    ],
    [
      'an unknown model',
      CHAT,
      { model: 'nope', messages: MESSAGES },
      404,
      'model',
      'The model `nope` does not exist. Valid aliases: rehearsal.',
    ],
    ['a missing field', CHAT, {}, 400, 'body.messages', '1 validation error:'],
    ['a body that is no JSON', CHAT, '{"messages": [', 400, 'body', 'JSON decode error'],
    [
      'usage asked of what does not stream',
      CHAT,
      { messages: MESSAGES, stream_options: {} },
      400,
      'stream_options',
      'Stream options can only be defined when `stream=True`.',
    ],
    [
      'settings of the rehearsal that do not exist',
      CHAT,
      { messages: MESSAGES, rehearsal: { round: 3 } },
      400,
      'body.rehearsal',
      'round',
    ],
    ['an id that is no token', '/v1/completions', { prompt: [5] }, 400, 'prompt', 'Token id 5 is out of vocabulary'],
    ['an unknown path', '/v1/nothing', {}, 404, null, 'Not Found'],
    ['a wrong method', '/v1/models', {}, 405, null, 'Method Not Allowed'],
  ])('have the shape of vLLM: %s', async (_, path, body, status, param, message) => {
    await withRehearsal({ maxModelLen: 1000 }, async ({ post, reply }) => {
      const answer = await post(path, body);
      expect(answer.status).toBe(status);
      expect(answer.body.error).toMatchObject({ code: status, param });
      expect(answer.body.error.message).toContain(message);
      // The server goes on as if nothing had been.
      expect(await reply(MESSAGES)).toContain('<tool_call>');
    });
  });
});

describe('the other routes', () => {
  test('tell the context length, tokens and health', async () => {
    await withRehearsal({ maxModelLen: 4096 }, async ({ url, post }) => {
      expect((await fetch(`${url}/health`)).status).toBe(200);
      const models = (await (await fetch(`${url}/v1/models`)).json()) as Json;
      expect(models.data[0]).toMatchObject({ id: 'rehearsal', max_model_len: 4096 });
      const text = await post('/tokenize', { prompt: 'abcdefgh', add_special_tokens: false });
      expect(text.body).toMatchObject({ count: 2, max_model_len: 4096 });
      expect((await post('/detokenize', { tokens: text.body.tokens })).body.prompt).toBe('abcdefgh');
    });
  });

  test('count running and waiting requests, and free a place at once when a client goes', async () => {
    await withRehearsal({ maxRunning: 1 }, async ({ events, metric, requests }) => {
      const leave = new AbortController();
      const slow = { messages: MESSAGES, rehearsal: { tokenDelayMs: 60_000 } };
      const read = async () => all(events(CHAT, slow, leave.signal)).catch(() => 'gone');
      const both = [read(), read()];
      await until(async () => (await metric('vllm:num_requests_waiting')) === 1, 'a waiting request');
      expect(await metric('vllm:num_requests_running')).toBe(1);
      expect(await metric('vllm:kv_cache_usage_perc')).toBeGreaterThan(0);
      leave.abort();
      expect(await Promise.all(both)).toEqual(['gone', 'gone']);
      await until(async () => (await metric('vllm:num_requests_running')) === 0, 'no running request');
      expect(await metric('vllm:num_requests_waiting')).toBe(0);
      expect(requests.list().filter(({ path, disconnected }) => path === CHAT && disconnected)).toHaveLength(2);
    });
  });

  test('count the prefix cache', async () => {
    await withRehearsal({}, async ({ chat, metric }) => {
      const { usage } = await chat({ messages: MESSAGES });
      const second = await chat({ messages: MESSAGES });
      expect(await metric('vllm:prefix_cache_queries_total')).toBe(2 * usage.prompt_tokens);
      expect(await metric('vllm:prefix_cache_hits_total')).toBe(second.usage.prompt_tokens_details.cached_tokens);
    });
  });
});
