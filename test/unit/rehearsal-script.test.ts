import { describe, expect, test } from 'vitest';
import { readCalls } from '../../local/rehearsal/policy/calls.ts';
import { continuationOpening, lastReplyNotice, SUMMARY_REQUEST } from '../../protocol/notices.ts';
import { type Client, type Message, results, searchResult, systemPrompt, withRehearsal } from './rehearsal-client.ts';

const QUESTION = { role: 'user', content: 'Which colours has the flag of Chad?' };
const ALL = systemPrompt('search', 'visit', 'PythonInterpreter', 'bash');

/** Replies until the first without a call. */
async function play({ reply }: Client, rehearsal: object, messages: Message[] = [ALL, QUESTION]): Promise<string[]> {
  const replies: string[] = [];
  while (replies.length < 100) {
    const text = await reply(messages, rehearsal);
    replies.push(text);
    const calls = readCalls(text);
    if (calls.length === 0) return replies;
    messages.push({ role: 'assistant', content: text });
    messages.push(
      results(...calls.map(({ name }) => (name === 'search' ? searchResult('q', [['A', 'a.md', 'b']]) : 'ok'))),
    );
  }
  throw new Error('The script never ended.');
}

describe('rounds', () => {
  test('are played exactly, over all tools, and no call repeats', async () => {
    await withRehearsal({}, async (client) => {
      const replies = await play(client, { rounds: 12 });
      expect(replies).toHaveLength(13);
      const calls = replies.flatMap(readCalls);
      expect(new Set(calls.map(({ name }) => name))).toEqual(new Set(['search', 'visit', 'PythonInterpreter', 'bash']));
      const commands = calls.filter(({ name }) => name === 'bash').map((call) => call.arguments.command);
      expect(commands).toEqual(['echo round-4 >> log.txt', 'echo round-8 >> log.txt', 'echo round-12 >> log.txt']);
      expect(replies.at(-1)).toContain('<answer>');
    });
  });

  test('keep to the tools on offer, and none at once answers', async () => {
    await withRehearsal({}, async (client) => {
      const replies = await play(client, { rounds: 5 }, [systemPrompt('bash'), QUESTION]);
      expect(replies.flatMap(readCalls).map(({ name }) => name)).toEqual(Array(5).fill('bash'));
      expect(await play(client, { rounds: 0, answer: 'Blue.' })).toEqual([
        expect.stringContaining('<answer>\nBlue.\n</answer>'),
      ]);
    });
  });

  test('go on counting after a context reset, and end when tools are over', async () => {
    await withRehearsal({}, async ({ reply }) => {
      const rehearsal = { rounds: 5 };
      const messages: Message[] = [systemPrompt('bash'), QUESTION];
      for (let round = 0; round < 3; round++) {
        messages.push({ role: 'assistant', content: await reply(messages, rehearsal) }, results('ok'));
      }
      const summary = await reply([...messages.slice(0, -1), results('ok', SUMMARY_REQUEST)], rehearsal);
      const next = [systemPrompt('bash'), { role: 'user', content: continuationOpening(QUESTION.content, summary) }];
      expect(readCalls(await reply(next, rehearsal))[0]?.arguments.command).toBe('echo round-4 >> log.txt');
      const final = await reply([...messages.slice(0, -1), results('ok', lastReplyNotice('timeout'))], rehearsal);
      expect(final).toContain('<answer>');
    });
  });
});

test('a script is played in order, then the answer is given', async () => {
  await withRehearsal({}, async (client) => {
    const bash = { name: 'bash', arguments: { command: 'echo "a" && cat <<EOF\n</x>\nEOF' } };
    const python = { name: 'PythonInterpreter', arguments: { code: 'if 1 < 2:\n  print("ja")' } };
    const unknown = { name: 'nope', arguments: { x: [1, '“q”'] } };
    const script = [bash, [python, unknown], '<tool_call>\n{"name": "bash", broken\n</tool_call>'];
    const replies = await play(client, { script, answer: 'Done.' });
    expect(replies).toHaveLength(4);
    expect(readCalls(replies[0] ?? '')).toEqual([bash]);
    expect(replies[0]).toContain('<bash>\n');
    expect(readCalls(replies[1] ?? '')).toEqual([python, unknown]);
    expect(replies[1]).toContain('"PythonInterpreter","arguments":{}}\n<code>\n');
    expect(replies[2]?.endsWith(script[2] as string)).toBe(true);
    expect(replies[3]?.endsWith('<answer>\nDone.\n</answer>')).toBe(true);
  });
});

test.each([0, 1, 500, 40_000])('a thought has exactly the %i characters asked for', async (thinkChars) => {
  await withRehearsal({}, async ({ reply }) => {
    const text = await reply([ALL, QUESTION], { thinkChars });
    expect(/^<think>\n([\s\S]*)\n<\/think>\n\n<tool_call>/.exec(text)?.[1]).toHaveLength(thinkChars);
  });
});

test('the seed changes the wording, and nothing else does', async () => {
  await withRehearsal({}, async (first) => {
    await withRehearsal({}, async (second) => {
      const seeds = [0, 1, 2, 3, 4, 5, 6, 7];
      const replies = await Promise.all(seeds.map((seed) => first.reply([ALL, QUESTION], {}, seed)));
      expect(new Set(replies).size).toBeGreaterThan(1);
      expect(await Promise.all(seeds.map((seed) => second.reply([ALL, QUESTION], {}, seed)))).toEqual(replies);
      expect(new Set(replies.map((text) => JSON.stringify(readCalls(text)))).size).toBe(1);
    });
  });
});

test('a message from the session that follows the results in a message of its own is heeded', async () => {
  await withRehearsal({}, async ({ reply }) => {
    const messages: Message[] = [systemPrompt('bash'), QUESTION];
    messages.push({ role: 'assistant', content: await reply(messages, { rounds: 5 }) }, results('ok'));
    const final = await reply([...messages, results(lastReplyNotice('finished_early'))], { rounds: 5 });
    expect(final).toContain('<answer>');
  });
});
