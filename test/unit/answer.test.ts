import fc from 'fast-check';
import { expect, test } from 'vitest';
import { extractAnswer, finalAnswer, splitReply } from '../../protocol/answer.ts';

const CALL = '<tool_call>{"name": "search", "arguments": {"query": "x"}}</tool_call>';

const splits: [string, string, string, string][] = [
  ['neither thought nor tag', ' Hello ', '', 'Hello'],
  ['a thought and a body', '<think>\nso\n</think>\n\nHello', 'so', 'Hello'],
  ['tags in any case', '<Think>so</THINK>Hello', 'so', 'Hello'],
  ['missing opening tag', 'so\n</think>\nHello', 'so', 'Hello'],
  ['empty thought', '<think></think>Hello', '', 'Hello'],
  ['unclosed thought', '<think>so on', 'so on', ''],
  ['unclosed thought with a call', `<think>so\n${CALL}`, 'so', CALL],
  ['unclosed thought with an answer', '<think>so <answer>42</answer>', 'so', '<answer>42</answer>'],
  ['unclosed thought that names the answer tag', '<think>use <answer> tags', 'use <answer> tags', ''],
  ['two thoughts', '<think>a</think>b<think>c</think>d', 'ab<think>c'.replace('<think>', ''), 'd'],
  ['doubled closing tag', '<think>a</think>\n</think>\nb', 'a', 'b'],
  ['closing tag once more at the end', '<think>a</think>b</think>', 'a', 'b'],
  ['second thought is not closed', '<think>a</think>b\n<think>c', 'a\nc', 'b'],
  ['nothing after the thought', '<think>a</think>', 'a', ''],
  ['words before the thought', 'Well.\n<think>a</think>b', 'Well.\na', 'b'],
  ['a tag spoken of in the body', '<think>a</think>The <think> tag', 'a', 'The <think> tag'],
  [
    'a tag quoted in the answer',
    '<think>a</think><answer>ends with </think>.</answer>',
    'a',
    '<answer>ends with </think>.</answer>',
  ],
  [
    'answer tag named in the thought',
    '<think>use <answer>.</think><answer>b</answer>',
    'use <answer>.',
    '<answer>b</answer>',
  ],
];
test.each(splits)('splitReply: %s', (_, text, reasoning, body) => {
  expect(splitReply(text)).toEqual({ reasoning, body });
});

const answers: [string, string, string | undefined][] = [
  ['no answer', 'Hello', undefined],
  ['an answer', '<think>a</think>It is\n<answer>\n42\n</answer>', '42'],
  ['tags in any case', '<ANSWER>42</Answer>', '42'],
  ['the last of several', '<answer>1</answer> no: <answer>2</answer>', '2'],
  ['many lines and markup', '<answer># A\n\n<b>b</b>\n</answer>', '# A\n\n<b>b</b>'],
  ['in the thought only', '<think><answer>1</answer></think>Hello', undefined],
  ['in the thought and after', '<think><answer>1</answer></think><answer>2</answer>', '2'],
  ['not closed', '<think>a</think><answer>42 and', '42 and'],
  ['a complete one before one not closed', '<answer>1</answer> I gave the <answer> above', '1'],
  ['spoken of before', 'In <answer> tags: <answer>42</answer>', '42'],
  ['empty', '<answer> </answer>', undefined],
  ['an empty one after a full one', '<answer>1</answer><answer></answer>', '1'],
  ['in the code of a call', '<tool_call>{}<code>print("<answer>1</answer>")</code></tool_call>', undefined],
  ['a call quoted in it', `<answer>Write ${CALL}.</answer>`, `Write ${CALL}.`],
];
test.each(answers)('extractAnswer: %s', (_, text, answer) => {
  expect(extractAnswer(text)).toBe(answer);
});

const finals: [string, string, string][] = [
  ['the answer', '<think>a</think>So: <answer>42</answer>', '42'],
  ['the body where there is none', '<think>a</think>\nIt is 42.\n', 'It is 42.'],
  ['the body without calls', `It is\n${CALL}\n42. ${CALL}`, 'It is\n\n42.'],
  [
    'the body without a call that quotes its tags',
    '42 <tool_call>{}<code>"<tool_call></tool_call>"</code></tool_call>!',
    '42 !',
  ],
  ['the body before a call cut off', 'It is 42.\n<tool_call>{"name', 'It is 42.'],
  ['the body without a lone answer tag', '42</answer>', '42'],
  ['nothing but a call', CALL, ''],
  ['nothing but a thought', '<think>hm', ''],
];
test.each(finals)('finalAnswer: %s', (_, text, answer) => {
  expect(finalAnswer(text)).toBe(answer);
});

const plain = fc.string().filter((text) => !/[<>]/.test(text));
test('a thought and an answer of any text come back', () => {
  fc.assert(
    fc.property(plain, plain, fc.boolean(), (thought, answer, opened) => {
      const text = `${opened ? '<think>' : ''}${thought}</think>\n<answer>${answer}</answer>`;
      expect(splitReply(text).reasoning).toBe(thought.trim());
      expect(extractAnswer(text)).toBe(answer.trim() || undefined);
    }),
  );
});

function isSubsequence(part: string, whole: string): boolean {
  let at = 0;
  for (let index = 0; index < whole.length; index += 1) if (whole[index] === part[at]) at += 1;
  return at === part.length;
}

test('nothing is made up: every part is taken from the text, and nothing throws', () => {
  const tokens = fc.constantFrom(
    '<think>',
    '</think>',
    '<answer>',
    '</answer>',
    '<tool_call>',
    '</tool_call>',
    'a',
    '\n',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(tokens, fc.string()), { maxLength: 30 }), (parts) => {
      const text = parts.join('');
      const { reasoning, body } = splitReply(text);
      expect(reasoning).not.toMatch(/<\/?think>/i);
      expect(reasoning.length + body.length).toBeLessThanOrEqual(text.length);
      const answer = extractAnswer(text);
      if (answer !== undefined) expect(isSubsequence(answer, text)).toBe(true);
      expect(finalAnswer(text)).toBe(finalAnswer(text).trim());
    }),
    { numRuns: 2000 },
  );
});
