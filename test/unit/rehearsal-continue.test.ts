import { expect, test } from 'vitest';
import { all, type Json, systemPrompt, withRehearsal } from './rehearsal-client.ts';

const MESSAGES = [systemPrompt('search'), { role: 'user', content: '这座桥是什么时候建成的？ When was it built? 😀' }];
const SETTINGS = { seed: 3, rehearsal: { thinkChars: 600 } };

test('a reply cut anywhere is continued token for token from the ids of prompt and text', async () => {
  await withRehearsal({}, async ({ chat, post }) => {
    const whole = await chat({ messages: MESSAGES, return_token_ids: true, ...SETTINGS });
    const ids: number[] = whole.choices[0].token_ids;
    const { body: prompt } = await post('/tokenize', { messages: MESSAGES, add_generation_prompt: true });
    expect(prompt.tokens).toEqual(whole.prompt_token_ids);
    for (let cut = 0; cut < ids.length; cut += 13) {
      const body = { prompt: [...prompt.tokens, ...ids.slice(0, cut)], max_tokens: 5000, return_token_ids: true };
      const rest = (await post('/v1/completions', { ...body, ...SETTINGS })).body;
      expect(rest.choices[0].token_ids).toEqual(ids.slice(cut));
      expect(rest.choices[0].finish_reason).toBe('stop');
      expect(rest.usage.prompt_tokens_details.cached_tokens).toBeGreaterThanOrEqual(prompt.count + cut - 32);
    }
  });
});

test('a continued reply streams the same, with the ids in the choice', async () => {
  await withRehearsal({}, async ({ chat, events }) => {
    const whole = await chat({ messages: MESSAGES, return_token_ids: true, ...SETTINGS });
    const prompt: number[] = [...whole.prompt_token_ids, ...whole.choices[0].token_ids.slice(0, 40)];
    const body = { prompt, max_tokens: 5000, return_token_ids: true, ...SETTINGS };
    const stream: Json[] = await all(events('/v1/completions', { ...body, stream_options: { include_usage: true } }));
    const chunks = stream.slice(0, -2).map(({ choices }) => choices[0]);
    expect(chunks[0].prompt_token_ids).toEqual(prompt);
    expect(chunks.flatMap(({ token_ids }) => token_ids)).toEqual(whole.choices[0].token_ids.slice(40));
    expect(whole.choices[0].message.content.endsWith(chunks.map(({ text }) => text).join(''))).toBe(true);
    expect(stream.at(-2).usage.completion_tokens).toBe(whole.choices[0].token_ids.length - 40);
  });
});

test('a text from elsewhere is closed and followed by the calls', async () => {
  await withRehearsal({}, async ({ post, reply }) => {
    const { body: prompt } = await post('/tokenize', { messages: MESSAGES });
    const { body: other } = await post('/tokenize', { prompt: '<think>\nNever written', add_special_tokens: false });
    const { body } = await post('/v1/completions', { prompt: [...prompt.tokens, ...other.tokens], max_tokens: 5000 });
    const [, calls] = (await reply(MESSAGES)).split('</think>\n\n');
    expect(body.choices[0].text).toBe(`\n</think>\n\n${calls}`);
  });
});

test('a continuation that names no limit ends after 16 tokens', async () => {
  await withRehearsal({}, async ({ post }) => {
    const { body: prompt } = await post('/tokenize', { messages: MESSAGES });
    const { body } = await post('/v1/completions', { prompt: prompt.tokens });
    expect(body).toMatchObject({ choices: [{ finish_reason: 'length' }], usage: { completion_tokens: 16 } });
  });
});
