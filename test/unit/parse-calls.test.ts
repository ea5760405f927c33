import { expect, test } from 'vitest';
import { parseCalls } from '../../activities/inference/parse-calls/index.ts';
import type { Call } from '../../protocol/reply.ts';

const block = (content: string) => `<tool_call>\n${content}\n</tool_call>`;
const search = (query: unknown): Call => ({ name: 'search', arguments: { query } });
const python = (code: string): Call => ({ name: 'PythonInterpreter', arguments: { code } });
const bash = (command: string): Call => ({ name: 'bash', arguments: { command } });
const SEARCH = '{"name": "search", "arguments": {"query": "x"}}';
const PYTHON = '{"name": "PythonInterpreter", "arguments": {}}';
const BASH = '{"name": "bash", "arguments": {}}';

const json: [string, string, Call[]][] = [
  ['no call', 'Just text.', []],
  ['one call', `Let me look.\n${block(SEARCH)}`, [search('x')]],
  ['tags in any case', `<Tool_Call>${SEARCH}</TOOL_CALL>`, [search('x')]],
  ['a list argument', block('{"name": "search", "arguments": {"query": ["a", "b"]}}'), [search(['a', 'b'])]],
  ['arguments first', block('{"arguments": {"query": "x"}, "name": "search"}'), [search('x')]],
  [
    'arguments as JSON text',
    block('{"name": "search", "arguments": "{\\"query\\": \\"x\\\\ny\\"}"}'),
    [search('x\ny')],
  ],
  [
    'arguments as Python text',
    block(`{"name": "search", "arguments": "{'query': ['x', None]}"}`),
    [search(['x', null])],
  ],
  ['arguments named parameters', block('{"name": "search", "parameters": {"query": "x"}}'), [search('x')]],
  ['arguments beside the name', block('{"name": "search", "query": "x"}'), [search('x')]],
  ['no arguments', block('{"name": "search"}'), [{ name: 'search', arguments: {} }]],
  ['null arguments', block('{"name": "search", "arguments": null}'), [{ name: 'search', arguments: {} }]],
  ['empty text as arguments', block('{"name": "search", "arguments": ""}'), [{ name: 'search', arguments: {} }]],
  ['a name in other letters', block('{"name": " Search ", "arguments": {"query": "x"}}'), [search('x')]],
  ['a fence around it', block(`\`\`\`json\n${SEARCH}\n\`\`\``), [search('x')]],
  ['a list of calls', block(`[${SEARCH}, ${SEARCH.replace('x', 'y')}]`), [search('x'), search('y')]],
  ['calls in a row in one block', block(`${SEARCH}\n${SEARCH.replace('x', 'y')}`), [search('x'), search('y')]],
  [
    'closing tag in a string',
    block('{"name": "search", "arguments": {"query": "</tool_call> tag"}}'),
    [search('</tool_call> tag')],
  ],
  [
    'opening tag in a string',
    block('{"name": "search", "arguments": {"query": "<tool_call>{"}}'),
    [search('<tool_call>{')],
  ],
  [
    'think tags in a string',
    block('{"name": "search", "arguments": {"query": "<think> and </think>"}}'),
    [search('<think> and </think>')],
  ],
  [
    'a call after prose on the tag',
    `${block(SEARCH)} then ${block(SEARCH.replace('x', 'y'))} done`,
    [search('x'), search('y')],
  ],
  ['two opening tags', `<tool_call>\n${block(SEARCH)}`, [search('x')]],
  ['no closing tag at the end', `<tool_call>\n${SEARCH}`, [search('x')]],
  ['no closing tag before the next call', `<tool_call>${SEARCH}\n${block(SEARCH)}`, [search('x'), search('x')]],
  ['quoted in a complete answer', `<answer>Write ${block(SEARCH)}.</answer>`, []],
  ['after an answer tag that never closes', `<answer> comes later. ${block(SEARCH)}`, [search('x')]],
];
test.each(json)('JSON calls: %s', (_, text, calls) => {
  expect(parseCalls(text)).toEqual(calls);
});

const literals: [string, string, unknown][] = [
  ['single quotes', `'it is'`, 'it is'],
  ['an escaped quote', `'it\\'s'`, "it's"],
  ['a double-quoted apostrophe', `"it's"`, "it's"],
  ['True, False and None', '[True, False, None]', [true, false, null]],
  ['trailing commas', `['a', {'b': 1,},]`, ['a', { b: 1 }]],
  ['tuples', `('a', ('b',), (), ('c'))`, ['a', ['b'], [], 'c']],
  ['numbers', '[1_000, .5, 1., -2e3, +4]', [1000, 0.5, 1, -2000, 4]],
  ['numbers that are none', '[NaN, Infinity, -Infinity]', [null, null, null]],
  ['triple quotes', `"""say "a"\n'b'"""`, `say "a"\n'b'`],
  ['triple single quotes', `'''it's'''`, "it's"],
  ['escapes', `'\\x41\\u00e9\\U0001F600\\n\\t\\\\'`, 'Aé😀\n\t\\'],
  ['escapes of no language', `'\\d+ \\alpha C:\\Users \\u12'`, '\\d+ \\alpha C:\\Users \\u12'],
  ['a raw string that closes', `r'\\n+'`, '\\n+'],
  ['line breaks in a string', `'a\nb'`, 'a\nb'],
];
test.each(literals)('Python literals: %s', (_, literal, value) => {
  expect(parseCalls(block(`{'name': 'search', 'arguments': {'query': ${literal}, }}`))).toEqual([search(value)]);
});

const code: [string, string, Call[]][] = [
  ['code tag', block(`${PYTHON}\n<code>\nprint(1)\n</code>`), [python('print(1)')]],
  ['code tag on one line', `<tool_call>${PYTHON}<code>print(1)</code></tool_call>`, [python('print(1)')]],
  ['tags in capitals', `<TOOL_CALL>${PYTHON}<CODE>print(1)</CODE></TOOL_CALL>`, [python('print(1)')]],
  ['only one line break goes', block(`${PYTHON}<code>\n\n  x = 1 \n\n</code>`), [python('\n  x = 1 \n')]],
  ['CRLF', block(`${PYTHON}<code>\r\na\r\nb\r\n</code>`), [python('a\r\nb')]],
  ['empty code', block(`${PYTHON}<code></code>`), [python('')]],
  ['alias execute_code', block(`${PYTHON.replace('PythonInterpreter', 'execute_code')}<code>1</code>`), [python('1')]],
  [
    'alias python_interpreter',
    block(`${PYTHON.replace('PythonInterpreter', 'python_interpreter')}<code>1</code>`),
    [python('1')],
  ],
  ['fence with language', block(`${PYTHON}\n\`\`\`python\nprint(1)\n\`\`\``), [python('print(1)')]],
  ['fence without language', block(`${PYTHON}\n\`\`\`\nprint(1)\n\`\`\``), [python('print(1)')]],
  ['fence in the code tag', block(`${PYTHON}\n<code>\n\`\`\`python\nprint(1)\n\`\`\`\n</code>`), [python('print(1)')]],
  ['fence that quotes a fence', block(`${PYTHON}\n\`\`\`python\ns = "\`\`\`x"\n\`\`\``), [python('s = "```x"')]],
  ['bash tag', block(`${BASH}\n<bash>\nls -l | wc\n</bash>`), [bash('ls -l | wc')]],
  ['bash fence', block(`${BASH}\n\`\`\`bash\nls\n\`\`\``), [bash('ls')]],
  ['bash in a code tag', block(`${BASH}\n<code>ls</code>`), [bash('ls')]],
  ['code in the arguments', block('{"name": "PythonInterpreter", "arguments": {"code": "a\\nb"}}'), [python('a\nb')]],
  ['command in the arguments', block('{"name": "bash", "arguments": {"command": "ls"}}'), [bash('ls')]],
  ['code of bash', block('{"name": "bash", "arguments": {"code": "ls"}}'), [bash('ls')]],
  ['code as the arguments', block('{"name": "PythonInterpreter", "arguments": "print(1)"}'), [python('print(1)')]],
  [
    'empty code in the arguments as well',
    block('{"name": "bash", "arguments": {"command": ""}}<bash>ls</bash>'),
    [bash('ls')],
  ],
  [
    'other arguments are kept',
    block('{"name": "bash", "arguments": {"timeout": 5}}<bash>ls</bash>'),
    [{ name: 'bash', arguments: { timeout: 5, command: 'ls' } }],
  ],
  ['no JSON', block('<bash>ls</bash>'), [bash('ls')]],
  ['code after the closing tag', `${block(BASH)}\n<bash>ls</bash>`, [bash('ls')]],
  [
    'call tags in the code',
    block(`${PYTHON}<code>p("<tool_call>{}</tool_call>", '</tool_call>')</code>`),
    [python(`p("<tool_call>{}</tool_call>", '</tool_call>')`)],
  ],
  ['code tags in the code', block(`${PYTHON}<code>p("<code>", "</code>")</code>`), [python('p("<code>", "</code>")')]],
  ['think tag in the code', block(`${PYTHON}<code>t.split("</think>")</code>`), [python('t.split("</think>")')]],
  [
    'code tag is not closed, the call is',
    `${block(`${PYTHON}<code>\na = 1`)}\n${block(`${PYTHON}<code>2</code>`)}`,
    [python('a = 1'), python('2')],
  ],
  [
    'the call is not closed, the code is',
    `<tool_call>${BASH}<bash>a</bash>\n<tool_call>${BASH}<bash>b</bash>`,
    [bash('a'), bash('b')],
  ],
  [
    'words after the code',
    block(`${BASH}<bash>a</bash> as said`) + block(`${BASH}<bash>b</bash>`),
    [bash('a'), bash('b')],
  ],
  ['two calls with code in one block', block(`${BASH}<bash>a</bash>\n${BASH}<bash>b</bash>`), [bash('a'), bash('b')]],
  ['no code at all', block(PYTHON), [{ name: 'PythonInterpreter', arguments: {} }]],
];
test.each(code)('code calls: %s', (_, text, calls) => {
  expect(parseCalls(text)).toEqual(calls);
});

const A = block('{"name": "search", "arguments": {"query": "a"}}');
const B = block('{"name": "search", "arguments": {"query": "b"}}');
const thoughts: [string, string, Call[]][] = [
  ['in the thought only', `<think>maybe ${A}</think> No.`, []],
  ['in the thought and after', `<think>maybe ${A}</think>${B}`, [search('b')]],
  ['opening tag is missing', `maybe ${A}\n</think>\n${B}`, [search('b')]],
  ['tags in capitals', `<THINK>${A}</THINK>${B}`, [search('b')]],
  ['two thoughts', `<think>1</think>${A}<think>2</think>${B}`, [search('b')]],
  ['the thought is not closed', `<think>I need ${A}`, [search('a')]],
  ['a tag spoken of in the thought', `<think>Use <tool_call> now.</think>${B}`, [search('b')]],
  ['the tag is closed once more at the end', `<think>1</think>${A}</think>`, [search('a')]],
  ['a second thought is cut off', `<think>1</think>${A}\n<think>and then`, [search('a')]],
];
test.each(thoughts)('calls and thoughts: %s', (_, text, calls) => {
  expect(parseCalls(text)).toEqual(calls);
});

test('only tools on offer are known', () => {
  expect(parseCalls(A + block(BASH), ['lookup', 'search'])).toEqual([
    search('a'),
    { name: 'bash', arguments: {}, error: 'There is no tool named "bash". Available tools: lookup, search.' },
  ]);
  expect(parseCalls(block('{"name": "lookup", "arguments": {"word": "a"}}'), ['lookup'])).toEqual([
    { name: 'lookup', arguments: { word: 'a' } },
  ]);
});
