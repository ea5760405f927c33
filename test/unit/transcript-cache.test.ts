import { expect, test } from 'vitest';
import { forgetRun, recall, remember } from '../../activities/inference/transcript-cache.ts';
import type { InferenceView } from '../../protocol/activities.ts';
import { digestWith } from '../../protocol/digest.ts';
import type { Message } from '../../protocol/messages.ts';

const user = (content: string): Message => ({ role: 'user', content });
const view = (...texts: string[]): InferenceView => ({
  messages: texts.map(user),
  model: {},
  protocol: 'text',
  tools: [],
});
const digestOf = (...texts: string[]) => texts.map(user).reduce(digestWith, '');
const textsOf = (runId: string) => recall(runId, 0)?.view.messages.map(({ content }) => content);

test('what comes in pieces is one transcript, with the digest after each message', () => {
  remember('pieces', 0, 0, view('a', 'b'));
  remember('pieces', 0, 2, view('c'));
  expect(textsOf('pieces')).toEqual(['a', 'b', 'c']);
  expect(recall('pieces', 0)?.digests).toEqual([digestOf('a'), digestOf('a', 'b'), digestOf('a', 'b', 'c')]);
});

test('messages that come again replace what came after them', () => {
  remember('again', 0, 0, view('a', 'lost', 'lost too'));
  remember('again', 0, 1, view('b'));
  expect(textsOf('again')).toEqual(['a', 'b']);
  expect(recall('again', 0)?.digests[1]).toBe(digestOf('a', 'b'));
});

test('of a run that has ended nothing is kept, of others all', () => {
  for (const run of ['over', 'over-not']) for (const segment of [0, 1]) remember(run, segment, 0, view('a'));
  forgetRun('over');
  expect([0, 1].map((segment) => recall('over', segment))).toEqual([undefined, undefined]);
  expect([0, 1].map((segment) => recall('over-not', segment)?.characters)).toEqual([1, 1]);
});

test('a gap is never papered over', () => {
  remember('gap', 0, 0, view('a'));
  expect(remember('gap', 0, 2, view('c'))).toBeUndefined();
  expect(recall('gap', 0)).toBeUndefined();
});

test('digests tell order, role and borders apart', () => {
  const all = [
    digestOf('a', 'b'),
    digestOf('b', 'a'),
    digestOf('ab'),
    digestWith(digestOf('a'), { role: 'assistant', content: 'b' }),
  ];
  expect(new Set(all).size).toBe(all.length);
});

test('the least recently used sessions go first', () => {
  remember('old', 0, 0, view('x'));
  for (let i = 0; i < 500; i += 1) remember(`many-${i}`, 0, 0, view('y'));
  expect(recall('old', 0)).toBeUndefined();
  expect(textsOf('many-499')).toEqual(['y']);
});
