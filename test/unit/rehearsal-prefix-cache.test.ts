import { describe, expect, test } from 'vitest';
import { BLOCK_TOKENS, createPrefixCache } from '../../local/rehearsal/prefix-cache.ts';
import { type Message, results, systemPrompt, withRehearsal } from './rehearsal-client.ts';

const ids = (length: number, from = 0): number[] => Array.from({ length }, (_, index) => from + index);

describe('the prefix cache', () => {
  test.each([
    ['nothing of a new prompt', ids(100), ids(100, 500), 0],
    ['whole blocks of a common prefix', ids(100), [...ids(50), ...ids(50, 900)], 48],
    ['a longer prompt up to the end of the first', ids(100), ids(200), 96],
    ['all but the last block of the same prompt, whose last token must be computed', ids(96), ids(96), 80],
    ['the same prompt to its last whole block', ids(100), ids(100), 96],
    ['nothing where the first token differs', ids(100), [7, ...ids(99, 1)], 0],
    ['nothing of less than a block', ids(15), ids(15), 0],
  ])('finds %s', (_, first, second, cached) => {
    const cache = createPrefixCache(1000);
    expect(cache.take(first)).toBe(0);
    expect(cache.take(second)).toBe(cached);
  });

  test('forgets the least recently used blocks, ends of prefixes first', () => {
    const cache = createPrefixCache(8);
    cache.take(ids(6 * BLOCK_TOKENS));
    cache.take(ids(4 * BLOCK_TOKENS, 1000));
    expect(cache.blocks).toBe(8);
    expect(cache.take(ids(6 * BLOCK_TOKENS + 1))).toBe(4 * BLOCK_TOKENS);
  });
});

/** A conversation of some rounds as a session would send it. */
async function converse(reply: (messages: Message[]) => Promise<string>, rounds: number): Promise<Message[]> {
  const messages = [systemPrompt('bash'), { role: 'user', content: 'Count the lines of every file in this folder.' }];
  for (let round = 0; round < rounds; round++) {
    const content = await reply(messages);
    messages.push({ role: 'assistant', content }, results(`result ${round} `.repeat(20).trim()));
  }
  return messages;
}

describe('cached tokens of a conversation', () => {
  const rehearsal = { rounds: 50, thinkChars: 300 };

  test('cover all but the newest results of an append-only conversation', async () => {
    await withRehearsal({}, async ({ chat }) => {
      let generated = 0;
      let prompt = 0;
      await converse(async (messages) => {
        const { usage, choices } = await chat({ messages, rehearsal });
        // Prompt and reply of the round before are there, but for the block that was not full.
        expect(usage.prompt_tokens_details.cached_tokens).toBeGreaterThan(prompt + generated - 2 * BLOCK_TOKENS);
        prompt = usage.prompt_tokens;
        generated = usage.completion_tokens;
        return choices[0].message.content;
      }, 5);
      expect(prompt).toBeGreaterThan(500);
    });
  });

  test('survive steering inside the results, and are lost to steering as a message of its own', async () => {
    await withRehearsal({}, async ({ chat, reply }) => {
      const messages = await converse((all) => reply(all, rehearsal), 5);
      const ask = async (tail: Message[]) =>
        (await chat({ messages: [...messages.slice(0, -1), ...tail], rehearsal })).usage;
      const last = messages.at(-1) as Message;
      const inside = await ask([
        { role: 'user', content: `${last.content}\n<tool_response>\nMessage from the user:\nHurry.\n</tool_response>` },
      ]);
      const apart = await ask([last, { role: 'user', content: 'Hurry.' }]);
      expect(inside.prompt_tokens_details.cached_tokens).toBeGreaterThan(inside.prompt_tokens * 0.8);
      expect(apart.prompt_tokens_details.cached_tokens).toBeLessThan(apart.prompt_tokens * 0.3);
      expect(apart.prompt_tokens).toBeLessThan(inside.prompt_tokens * 0.8);
    });
  });
});
