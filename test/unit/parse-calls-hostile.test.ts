import { expect, test } from 'vitest';
import { parseCalls } from '../../activities/inference/parse-calls/index.ts';
import { finalAnswer, splitReply } from '../../protocol/answer.ts';

// Each text is 1 MB: a parser that goes over the rest of the text for every tag would need many minutes.
const SIZE = 1_000_000;
const CODE_HEAD = '<tool_call>{"name": "bash", "arguments": {}}';
const UNITS = [
  '<tool_call>',
  '<tool_call> \n',
  '</tool_call>',
  '<tool_call></tool_call>',
  '<tool_call>{',
  '<tool_call>{"',
  '<tool_call>{"a":"',
  '<tool_call>{"a\\',
  `<tool_call>{"a":'''`,
  `<tool_call>["," '`,
  `<tool_call>[",',','`,
  `<tool_call>{"name":"bash","arguments":"{`,
  `${CODE_HEAD}<bash>x`,
  `${CODE_HEAD}<code>x`,
  `${CODE_HEAD}\`\`\`x`,
  `${CODE_HEAD}<bash>x</bash>y`,
  `${CODE_HEAD}<bash>x</tool_call>`,
  `${CODE_HEAD}</tool_call><bash>`,
  CODE_HEAD,
  '<think>',
  '</think>',
  '\n<think>',
  'x</think>\n<think>',
  '</think>x',
  '<answer>',
  '</answer><answer>',
  '<code>',
  '</code>',
  '</bash>',
  '```',
  '```\n',
  ' ',
  '\n',
  '"',
  "'",
  `"'`,
  '""" ',
  '\\"',
  '"a" ',
  '"a": ',
  '{"a":',
  '[',
  '(',
  '{},',
  '{"name": "search"},',
  '{"a":"}"b":{}',
  '{"name": "bash"}<bash>x',
  '{"name": "bash"}<bash>x</bash>',
  '{"name": "bash"}<bash>x</bash>y',
  '{"name": "bash"}```x',
  '\u0130',
  '1_',
];
const PREFIXES: [string, string][] = [
  ['', ''],
  ['<tool_call>{"name": "bash", "arguments": {"command": "', '</tool_call>'],
  ['<tool_call>[', ']</tool_call>'],
  ['<tool_call>{}', ''],
  [`${CODE_HEAD}<bash>`, '</bash></tool_call>'],
  ['<think>', '<answer>x</answer>'],
];
test.each(UNITS)('a megabyte of %j is read in one go, wherever it stands', (unit) => {
  for (const [prefix, suffix] of PREFIXES) {
    const text = prefix + unit.repeat(SIZE / unit.length) + suffix;
    const calls = parseCalls(text);
    expect(calls.filter((call) => call.error !== undefined).length).toBeLessThanOrEqual(33);
    expect(splitReply(text).body.length).toBeLessThanOrEqual(text.length);
    expect(finalAnswer(text).length).toBeLessThanOrEqual(text.length);
  }
});

test('a large honest reply comes back whole', () => {
  const query = 'что-то "quoted"\n'.repeat(100_000);
  const code = 'print("</tool_call>", "<tool_call>{}")\n'.repeat(50_000);
  const text = [
    `<think>${'thought </answer> '.repeat(50_000)}</think>`,
    `<tool_call>${JSON.stringify({ name: 'search', arguments: { query } })}</tool_call>`,
    `<tool_call>{"name": "PythonInterpreter", "arguments": {}}<code>${code}\n</code></tool_call>`,
  ].join('\n');
  expect(parseCalls(text)).toEqual([
    { name: 'search', arguments: { query } },
    { name: 'PythonInterpreter', arguments: { code } },
  ]);
});
