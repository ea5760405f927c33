import { expect, test } from 'vitest';
import { callLine, closeFence, firstSentence, readReply, reportOf } from '../../protocol/report.ts';
import { aCall, aResult, aRound, aSegment, aStatus } from './client-fixtures.ts';

test.each([
  ['a thought in tags', { text: '<think>Why?</think>So.' }, { thought: 'Why?', text: 'So.' }],
  ['a thought whose opening tag was stripped', { text: 'Why?</think>So.' }, { thought: 'Why?', text: 'So.' }],
  ['a thought that is still written', { text: '<think>Why' }, { thought: 'Why', text: '' }],
  ['a closing tag that is still written', { text: '<think>Why?</thi' }, { thought: 'Why?', text: '' }],
  ['reasoning apart', { text: 'So.', reasoning: 'Why?' }, { thought: 'Why?', text: 'So.' }],
  ['several thoughts', { text: '<think>A</think>x<think>B</think>y' }, { thought: 'A\n\nB', text: 'xy' }],
  ['calls', { text: 'I search.<tool_call>{"name": "search"}</tool_call>' }, { thought: '', text: 'I search.' }],
  ['a call that is still written', { text: 'I search.<tool_call>{"na' }, { thought: '', text: 'I search.' }],
  ['an answer', { text: '<think>Why?</think><answer>42</answer>' }, { thought: 'Why?', text: '42' }],
  ['a stray closing tag after a thought', { text: '<think>A</think>b</think>c' }, { thought: 'A', text: 'b</think>c' }],
])('readReply takes %s apart', (_, reply, expected) => {
  expect(readReply(reply)).toEqual(expected);
});

test.each([
  ['One. Two.', 'One.'],
  ['Version 1.5 is out! More', 'Version 1.5 is out!'],
  ['先查文档。再回答。', '先查文档。'],
  ['no end\nof line', 'no end of line'],
])('the first sentence of %j is %j', (text, expected) => {
  expect(firstSentence(text)).toBe(expected);
});

test.each([
  [{ query: ['a', 'b'] }, 'a · b'],
  [{ url: 'https://x', goal: 'why' }, 'https://x · why'],
  [{ code: '\nprint(1)\nprint(2)' }, 'print(1) …'],
  [{ limit: 3, deep: { a: 1 } }, '3 · {"a":1}'],
  [{}, ''],
])('a call with %j asks %j', (args, expected) => {
  expect(callLine(args)).toBe(expected);
});

test.each([
  ['text', 'text'],
  ['```\nopen', '```\nopen\n```'],
  ['````\n```\nopen', '````\n```\nopen\n````'],
  ['```\nclosed\n```\nend', '```\nclosed\n```\nend'],
  ['~~~\n```\nopen', '~~~\n```\nopen\n~~~'],
])('closeFence(%j)', (markdown, expected) => {
  expect(closeFence(markdown)).toBe(expected);
});

test('a running session is reported with its question, state, rounds and calls', () => {
  const round = aRound(1, [aCall('r1c1'), aCall('r1c2', { state: 'failed' })], { notes: ['Hurry.'] });
  const report = reportOf(aStatus({ round: 2 }), [aSegment([round])]);
  expect(report).toContain('> How long is the body timeout?');
  expect(report).toContain('**thinking**, round 2 of at most 150, context 1 % full');
  expect(report).toContain(
    '- **1** Thought 1.\n  - search: what r1c1 asks\n  - search (failed): what r1c2 asks\n  - note: Hurry.',
  );
  expect(report).toContain('2 rounds, 1,000 prompt tokens (90 % cached), 50 generated.');
  expect(report).not.toContain('## Answer');
});

test('an ended session is reported with answer and sources, several segments apart', () => {
  const report = reportOf(aStatus({ state: 'done', segment: 2, result: aResult() }), [
    aSegment([aRound(1)], { summary: { request: 'Sum up.' } }),
    aSegment([aRound(2)], { index: 1 }),
  ]);
  expect(report).toMatch(/## Answer\n\nIt is 300 seconds\.\n\n## Sources\n\n1\. Class: Client: <docs\/Client\.md>/);
  expect(report).toMatch(/### Segment 1[\s\S]*goes on from a summary[\s\S]*### Segment 2/);
});

test('however long a session is, its report stays below 200 KB and keeps both ends', () => {
  const huge = '超'.repeat(50_000);
  const rounds = Array.from({ length: 1_000 }, (_, index) =>
    aRound(index + 1, [aCall(`r${index + 1}c1`, { arguments: { query: huge } })], { notes: [huge] }),
  );
  const sources = Array.from({ length: 1_000 }, (_, index) => ({
    url: `https://example.org/${index}`,
    title: huge.slice(0, 50),
  }));
  const status = aStatus({ state: 'done', question: huge, result: aResult({ answer: huge, sources }) });
  const report = reportOf(status, [aSegment(rounds)]);
  expect(new TextEncoder().encode(report).length).toBeLessThan(200_000);
  expect(report).toContain('- **1** ');
  expect(report).toContain('- **1000** ');
  expect(report).toMatch(/\d+ lines left out/);
});

test('text from models and pages brings no markup of its own into a line', () => {
  const text = '<think><script>x</script> [a](javascript:b) `c` *d*\n# e</think>';
  const round = aRound(1, [aCall('r1c1', { arguments: { query: '<img src=x>' } })]);
  const report = reportOf(aStatus(), [aSegment([{ ...round, reply: { ...round.reply!, text } }])]);
  expect(report).not.toMatch(/<script|<img|^# e/m);
  expect(report).toContain('\\[a\\](javascript:b) \\`c\\` \\*d\\* # e');
});
