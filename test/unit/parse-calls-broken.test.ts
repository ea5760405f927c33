import { expect, test } from 'vitest';
import { parseCalls } from '../../activities/inference/parse-calls/index.ts';
import type { Call } from '../../protocol/reply.ts';
import { TOOL_NAMES } from '../../protocol/tool-call.ts';

const block = (content: string) => `<tool_call>\n${content}\n</tool_call>`;
const search = (query: unknown): Call => ({ name: 'search', arguments: { query } });
const bash = (command: string): Call => ({ name: 'bash', arguments: { command } });
const GOOD = block('{"name": "visit", "arguments": {"url": "u", "goal": "g"}}');
const VISIT: Call = { name: 'visit', arguments: { url: 'u', goal: 'g' } };

const mended: [string, string, Call][] = [
  ['line break in a string', '{"name": "search", "arguments": {"query": "a\nb"}}', search('a\nb')],
  ['one brace too few', '{"name": "search", "arguments": {"query": "a"}', search('a')],
  ['two braces too few', '{"name": "search", "arguments": {"query": "a"', search('a')],
  ['one brace too many', '{"name": "search", "arguments": {"query": "a"}}}', search('a')],
  ['bracket of a list is missing', '{"name": "search", "arguments": {"query": ["a", "b"}}', search(['a', 'b'])],
  ['trailing commas', '{"name": "search", "arguments": {"query": ["a",],},}', search(['a'])],
  ['keys without quotes', '{name: "search", arguments: {query: "a"}}', search('a')],
  ['quotes in a string', '{"name": "search", "arguments": {"query": "the "a" of b"}}', search('the "a" of b')],
  ['apostrophe in single quotes', "{'name': 'search', 'arguments': {'query': 'it's so'}}", search("it's so")],
  [
    'quotes in a list of strings',
    '{"name": "search", "arguments": {"query": ["an "a" b", "c"]}}',
    search(['an "a" b', 'c']),
  ],
  ['quotes in a command', '{"name": "bash", "arguments": {"command": "echo "a" | wc"}}', bash('echo "a" | wc')],
  [
    'JSON in a command',
    '{"name": "bash", "arguments": {"command": "p({"a": ["b", "c"]})"}}',
    bash('p({"a": ["b", "c"]})'),
  ],
  ['brace is missing before code', '{"name": "bash", "arguments": {}\n<bash>ls</bash>', bash('ls')],
  ['broken arguments as text', `{"name": "search", "arguments": "{'query': 'it's so'"}`, search("it's so")],
];
test.each(mended)('mends: %s', (_, content, call) => {
  expect(parseCalls(block(content))).toEqual([call]);
  expect(parseCalls(block(content) + GOOD)).toEqual([call, VISIT]);
});

const failed: [string, string, string, RegExp][] = [
  ['nothing', '', 'unreadable', /it is empty/],
  ['prose', 'search for x', 'unreadable', /begins with search for x where \{ is expected/],
  ['a function call', 'search(query="x")', 'unreadable', /where \{ is expected/],
  [
    'a string that is not closed',
    '{"name": "search", "arguments": {"query": "x}}',
    'search',
    /a string is not closed, at character 43/,
  ],
  [
    'two quotes in a row',
    '{"name": "search", "arguments": {"query": "a "" b"}}',
    'search',
    /quote inside a string is not escaped/,
  ],
  [
    'a comma is missing',
    '{"name": "search" "arguments": {"query": 1}}',
    'search',
    /not escaped or a comma is missing, at character 17/,
  ],
  [
    'a comma is missing after a number',
    '{"name": "visit", "arguments": {"a": 1 "b": 2}}',
    'visit',
    /a comma or a closing \} is missing/,
  ],
  ['a colon is missing', '{"name" "search"}', 'unreadable', /comma is missing/],
  ['a value is missing', '{"name": "search", "arguments": }', 'search', /a value is missing/],
  ['an alias in a broken call', '{"name": "execute_code", "arguments": }', 'PythonInterpreter', /<code>…<\/code>/],
  ['no name', '{"query": "x"}', 'unreadable', /no "name"/],
  ['a name that is no text', '{"name": 5, "arguments": {}}', 'unreadable', /no "name"/],
  ['a list of texts', '["search"]', 'unreadable', /a string where an object is expected/],
  ['an empty list', '[]', 'unreadable', /a list where an object is expected/],
  [
    'too deep',
    `{"name": "search", "arguments": ${'['.repeat(200)}${']'.repeat(200)}}`,
    'search',
    /more than 100 levels/,
  ],
  ['arguments as a list', '{"name": "search", "arguments": ["x"]}', 'search', /must be a JSON object, not a list/],
  ['arguments as a text', '{"name": "search", "arguments": "x"}', 'search', /must be a JSON object, not a string/],
  ['arguments as a number', '{"name": "search", "arguments": 5}', 'search', /must be a JSON object, not a number/],
  ['arguments as broken text', '{"name": "search", "arguments": "{\'a"}', 'search', /not broken JSON/],
];
test.each(failed)('explains: %s', (_, content, name, error) => {
  expect(parseCalls(block(content))).toEqual([{ name, arguments: {}, error: expect.stringMatching(error) }]);
  expect(parseCalls(block(content) + GOOD).at(-1)).toEqual(VISIT);
  expect(parseCalls(block(content))[0]!.error).toContain('<tool_call>{"name": ');
});

const cut: [string, string, string][] = [
  ['after the tag', '<tool_call>\n', 'unreadable'],
  ['in the name', '<tool_call>{"name": "sea', 'unreadable'],
  ['in a string', '<tool_call>{"name": "search", "arguments": {"query": "x', 'search'],
  ['before the last brace', '<tool_call>{"name": "search", "arguments": {"query": "x"}', 'search'],
  ['in the code', '<tool_call>{"name": "bash", "arguments": {}}\n<bash>\nrm -r /tmp/x', 'bash'],
  [
    'in code that quotes a closing tag',
    '<tool_call>{"name": "bash", "arguments": {}}<bash>echo "</tool_call>" > a',
    'bash',
  ],
  ['in fenced code', '<tool_call>{"name": "bash", "arguments": {}}\n```bash\nrm -r /tmp/x', 'bash'],
];
test.each(cut)('a reply that is cut off %s runs nothing', (_, text, name) => {
  expect(parseCalls(text)).toEqual([{ name, arguments: {}, error: expect.any(String) }]);
  expect(parseCalls(`${GOOD}\n${text}`).map((call) => call.name)).toEqual(['visit', name]);
});

test('code whose end cannot be told is not run, and the next call is', () => {
  const text = `<tool_call>{"name": "bash", "arguments": {}}<bash>ls\n${block('{"name": "bash"}<bash>pwd</bash>')}`;
  expect(parseCalls(text)).toEqual([
    { name: 'bash', arguments: {}, error: expect.stringContaining('has no end, so it was not run') },
    bash('pwd'),
  ]);
});

test('an unknown tool keeps its name and gets the list of tools', () => {
  expect(parseCalls(block('{"name": "Browse", "arguments": {"url": "u"}}'))).toEqual([
    {
      name: 'Browse',
      arguments: {},
      error: `There is no tool named "Browse". Available tools: ${TOOL_NAMES.join(', ')}.`,
    },
  ]);
});

test('many failed calls are told of once, and good ones among them are kept', () => {
  const calls = parseCalls(block('{').repeat(50) + GOOD + block('{"name": "nope"}').repeat(50));
  expect(calls).toHaveLength(34);
  expect(calls.filter((call) => call.error === undefined)).toEqual([VISIT]);
  expect(calls.at(-1)!.error).toContain('68 more tool calls could not be run');
});

test('no key of the text reaches a prototype', () => {
  const poison = '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}, "query": "x"}';
  const [call] = parseCalls(block(`{"__proto__": {"name": "bash"}, "name": "search", "arguments": ${poison}}`));
  expect(Object.getPrototypeOf(call!.arguments)).toBe(Object.prototype);
  expect(Object.keys(call!.arguments)).toEqual(['constructor', 'query']);
  expect('polluted' in {}).toBe(false);
  expect(parseCalls(block('{"__proto__": {"name": "bash"}}'))[0]!.name).toBe('unreadable');
});
