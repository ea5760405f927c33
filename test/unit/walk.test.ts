import { describe, expect, test } from 'vitest';
import { pagesOf, type Walked } from '../../client/cli/walk/pages.ts';
import { printWalk, walk } from '../../client/cli/walk/walk.ts';
import { newWalker, pressed } from '../../client/cli/walk/walker.ts';

const usage = { prompt: 1000, cached: 500, completion: 20 };
const reply = (text: string) => ({
  text,
  finishReason: 'stop',
  endpoint: 'e',
  model: 'm',
  usage,
  firstTokenMs: 1,
  elapsedMs: 2000,
});
const bash = {
  id: 'r1c1',
  name: 'bash',
  arguments: { command: 'ls\n\u001b[31mred' },
  state: 'done' as const,
  result: 'keeper-log.txt',
  startedAt: 0,
  endedAt: 1500,
};
const WALKED: Walked = {
  question: 'Who lit the lamps?',
  segments: [
    {
      index: 0,
      system: '',
      opening: '',
      rounds: [
        {
          number: 1,
          startedAt: 0,
          reply: reply('<think>\nLook around.\n</think>'),
          calls: [bash],
          notes: ['Mind the log.'],
        },
        {
          number: 2,
          startedAt: 0,
          reply: reply(`<answer>${'The keeper lit them. '.repeat(30)}</answer>`),
          calls: [],
          notes: [],
        },
      ],
    },
  ],
  result: {
    answer: 'The keeper.',
    stopReason: 'no_tool_calls',
    rounds: 2,
    segments: 1,
    usage,
    sources: [],
    artifacts: [],
    elapsedMs: 1,
    model: 'm',
  },
};
const plain = (_: string, text: string) => text;
const pages = pagesOf(WALKED, { style: plain, columns: 40 });

test('a page a round, with thought, calls, results and notes, harmless and within the columns', () => {
  expect(pages.map(({ title }) => title)).toEqual([
    'Question',
    'Round 1 · 1.0k (50% cached) → 20 · 2.0s',
    'Round 2 · 1.0k (50% cached) → 20 · 2.0s',
    'Answer (no_tool_calls, 2 rounds)',
  ]);
  expect(pages[1]?.lines).toEqual([
    'Thought',
    '  Look around.',
    'r1c1 bash 1.5s',
    '  command: ls',
    '  red',
    '→',
    '  keeper-log.txt',
    'Told to the model',
    '  Mind the log.',
  ]);
  for (const line of pages.flatMap(({ lines }) => lines)) expect(line.length).toBeLessThanOrEqual(40);
});

describe('keys', () => {
  const after = (keys: string[], rows = 5) =>
    keys.reduce((walker, key) => pressed(walker, key, pages, rows), newWalker());

  test.each([
    [['n'], { page: 1, top: 0 }],
    [['n', 'n', 'p'], { page: 1, top: 0 }],
    [['p'], { page: 0, top: 0 }],
    [['G', 'n'], { page: 3, top: 0 }],
    [['G', 'g'], { page: 0, top: 0 }],
    [['n', 'j', 'j', 'k'], { page: 1, top: 1 }],
    [['n', ' '], { page: 1, top: 4 }],
    [['n', ' ', ' '], { page: 2, top: 0 }],
    [['n', ' ', 'b', 'b'], { page: 0, top: 0 }],
    [['/', 'l', 'o', 'g', '\r'], { page: 1, top: 6, search: 'log' }],
    [['/', 'l', 'o', 'x', '\u007f', 'g', '\r', 'f'], { page: 1, top: 8 }],
    [['/', 'l', 'o', 'g', '\r', 'f', 'f'], { page: 1, top: 6 }],
    [['/', 'z', 'z', '\r'], { page: 0, notice: '"zz" is nowhere in it.' }],
    [['/', 'z', '\u001b'], { page: 0, search: '' }],
    [['f'], { notice: expect.stringContaining('/ and a text') }],
    [['q'], { done: true }],
  ])('%j', (keys, expected) => {
    expect(after(keys)).toMatchObject(expected);
  });
});

test('on a terminal each picture is one write within its size, and the screen is given back', async () => {
  const writes: string[] = [];
  const listeners = new Set<(bytes: Buffer) => void>();
  const modes: boolean[] = [];
  const keyboard = {
    setRawMode: (raw: boolean) => modes.push(raw),
    on: (_: 'data', listener: (bytes: Buffer) => void) => listeners.add(listener),
    off: (_: 'data', listener: (bytes: Buffer) => void) => listeners.delete(listener),
    resume: () => {},
    pause: () => {},
  };
  const out = { write: (text: string) => writes.push(text), columns: 40, rows: 12 };
  const ended = walk(WALKED, 'kept.json · Replays with the code of today.', out, keyboard, plain);
  for (const key of ['n', '/lamps\r', 'q']) for (const listener of listeners) listener(Buffer.from(key));
  await ended;
  expect(modes).toEqual([true, false]);
  expect(listeners.size).toBe(0);
  expect(writes.at(0)).toContain('\u001b[?1049h');
  expect(writes.at(-1)).toContain('\u001b[?1049l');
  const pictures = writes.slice(1, -1).map((text) => text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').split('\n'));
  for (const picture of pictures) {
    expect(picture).toHaveLength(11);
    for (const line of picture) expect(line.length).toBeLessThan(40);
  }
});

test('piped, it is all there at once', () => {
  let text = '';
  printWalk(WALKED, { write: (part: string) => (text += part) }, plain);
  expect(text).toMatch(/^Question\n {2}Who lit[\s\S]*Round 2[\s\S]*Answer \(no_tool_calls[\s\S]*The keeper\.\n/);
});
