import { expect, test } from 'vitest';
import type { SystemFormat } from '../../activities/inference/endpoint.ts';
import { messagesOf } from '../../protocol/messages.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { Segment } from '../../protocol/trajectory.ts';
import { messageReply } from '../support/model-apis/anthropic.ts';
import { ask } from '../support/model-apis/ask.ts';
import { chatReply } from '../support/model-apis/chat-tools.ts';
import { responseReply } from '../support/model-apis/responses.ts';
import type { Said } from '../support/model-apis/server.ts';

const FORMATS: [SystemFormat, (said: Said, id: string) => string, 'messages' | 'input'][] = [
  ['aihubmix_glm', chatReply, 'messages'],
  ['volcano', chatReply, 'messages'],
  ['aliyun', chatReply, 'messages'],
  ['azure', responseReply, 'input'],
  ['aihubmix', responseReply, 'input'],
  ['aihubmix_claude', messageReply, 'messages'],
];

/** As the prompt's bytes: the marks of Anthropic's cache are no part of it, and turns of one side are one. */
function bytesOf(messages: unknown): string {
  const items = (messages as { role?: string; content?: unknown }[]).flatMap(({ role, content, ...rest }): object[] =>
    Array.isArray(content) ? content.map((block: unknown) => ({ role, block })) : [{ role, content, ...rest }],
  );
  return JSON.stringify(items, (name, value) => (name === 'cache_control' ? undefined : value)).slice(1, -1);
}

test.each(
  FORMATS,
)('%s: each request’s messages begin with those of the one before, byte for byte', async (format, said, field) => {
  const segment: Segment = { index: 0, system: 'Be exact.', opening: 'Which lamp?', rounds: [] };
  let before = '';
  for (let number = 1; number <= 12; number += 1) {
    const calls = Array.from({ length: number % 3 }, (_, n) => ({
      name: 'search',
      arguments: { query: `${number}.${n}` },
    }));
    const reasoning = number % 4 === 0 ? undefined : `Thought ${number}.`;
    const text = number % 5 === 0 && calls.length > 0 ? undefined : `Text ${number}.`;
    const { reply, request } = await ask(format, said({ reasoning, text, calls }, `c${number}`), {
      messages: messagesOf(segment, 'native'),
    });
    const now = bytesOf(request.body[field]);
    expect(now.startsWith(before), `request ${number}`).toBe(true);
    expect(now.length).toBeGreaterThan(before.length);
    before = now;
    // As the workflow keeps it: through JSON.
    const { calls: read = [], ...kept }: Omit<Reply, 'calls'> & Partial<Reply> = JSON.parse(JSON.stringify(reply));
    segment.rounds.push({
      number,
      startedAt: 0,
      reply: kept,
      calls: read.map((call, index) => ({
        ...call,
        id: `r${number}c${index}`,
        state: 'done',
        result: `Result ${index}.`,
      })),
      notes: number === 6 || calls.length === 0 ? [`Note ${number}.`] : [],
    });
  }
});
