import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCalls } from '../../activities/inference/parse-calls/index.ts';

const block = (content: string) => `<tool_call>\n${content}\n</tool_call>`;

/** Texts made of what the parser looks for, so that odd neighbourhoods are met often. */
const TOKENS = [
  '<tool_call>',
  '</tool_call>',
  '<think>',
  '</think>',
  '<answer>',
  '</answer>',
  '<code>',
  '</code>',
  '<bash>',
  '</bash>',
  '```',
  '```python\n',
  '{',
  '}',
  '[',
  ']',
  '(',
  ')',
  '"',
  "'",
  '"""',
  "'''",
  '\\',
  '\\u12',
  ',',
  ':',
  ' ',
  '\n',
  '\r\n',
  '{"name": "bash", "arguments": {}}',
  '"name"',
  '"arguments"',
  '"search"',
  'True',
  'None',
  '1e5',
  '-',
  '__proto__',
  'é',
  '\u0130',
  '\ud83d',
  '\0',
];
const tokens = fc.array(fc.constantFrom(...TOKENS), { maxLength: 60 }).map((parts) => parts.join(''));
const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), tokens);

const withoutPrototypeKey = (value: unknown): boolean => !JSON.stringify(value).includes('__proto__');
const jsonArguments = fc
  .dictionary(fc.oneof(fc.string(), fc.constantFrom('query', 'name', 'arguments')), fc.jsonValue({ maxDepth: 4 }))
  .map((value) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>)
  .filter(withoutPrototypeKey);

/** Writes a string as Python's `repr` may, with one of its quotes. */
function pythonString(text: string, quote: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`);
  const printable = escaped.replace(
    /[\0-\x1f\x7f-\xa0]/g,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `${quote}${printable.replaceAll('\\x0a', '\\n')}${quote}`;
}

/** Writes a value as a Python literal; the list of choices settles quotes, tuples and trailing commas. */
function pythonLiteral(value: unknown, choice: () => number): string {
  const comma = choice() % 3 === 0 ? ', ' : '';
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return Object.is(value, -0) ? '-0.0' : String(value);
  if (typeof value === 'string') return pythonString(value, choice() % 2 === 0 ? "'" : '"');
  if (Array.isArray(value)) {
    const items = value.map((item) => pythonLiteral(item, choice));
    if (choice() % 2 === 0) return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`;
    return items.length === 0 ? '[]' : `[${items.join(', ')}${comma}]`;
  }
  const entries = Object.entries(value as object).map(
    ([key, item]) => `${pythonString(key, choice() % 2 === 0 ? "'" : '"')}: ${pythonLiteral(item, choice)}`,
  );
  return entries.length === 0 ? '{}' : `{${entries.join(', ')}${comma}}`;
}

function expectWellFormed(text: string): void {
  for (const call of parseCalls(text)) {
    expect(call.name).not.toBe('');
    expect(Object.getPrototypeOf(call.arguments)).toBe(Object.prototype);
    if (call.error !== undefined) expect(call.arguments).toEqual({});
  }
}

test('never throws, whatever the text', () => {
  fc.assert(fc.property(anyText, expectWellFormed), { numRuns: 3000 });
  fc.assert(
    fc.property(anyText, (text) => expectWellFormed(`<tool_call>{"name": "bash", "arguments": {}}${text}`)),
    { numRuns: 1000 },
  );
  fc.assert(
    fc.property(anyText, (text) => expectWellFormed(block(`{"name": "search", "arguments": ${text}`))),
    { numRuns: 1000 },
  );
});

const VALID = [
  block('{"name": "search", "arguments": {"query": ["a", "b\\n\\u00e9"]}}'),
  block("{'name': 'visit', 'arguments': {'url': ('u', \"it's\"), 'goal': None,}}"),
  block('{"name": "PythonInterpreter", "arguments": {}}\n<code>\nprint("a")\n</code>'),
  block('{"name": "bash", "arguments": "{\\"command\\": \\"ls\\"}"}'),
  `<think>so</think>${block('{"name": "bash"}\n```bash\nls\n```')}`,
].join('\n');
test('never throws on a valid text that was changed anywhere', () => {
  const change = fc.record({ at: fc.nat(VALID.length), cut: fc.nat(12), insert: fc.oneof(fc.constant(''), tokens) });
  const changes = fc.array(change, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(changes, (edits) => {
      expectWellFormed(
        edits.reduce((text, edit) => text.slice(0, edit.at) + edit.insert + text.slice(edit.at + edit.cut), VALID),
      );
    }),
    { numRuns: 3000 },
  );
});

test('arguments written as JSON come back', () => {
  fc.assert(
    fc.property(jsonArguments, fc.constantFrom(undefined, 2), (args, indent) => {
      const call = { name: 'search', arguments: args };
      expect(parseCalls(block(JSON.stringify(call, null, indent)))).toEqual([call]);
      expect(parseCalls(block(JSON.stringify({ ...call, arguments: JSON.stringify(args, null, indent) })))).toEqual([
        call,
      ]);
    }),
    { numRuns: 2000 },
  );
});

test('arguments written as a Python literal come back', () => {
  fc.assert(
    fc.property(jsonArguments, fc.array(fc.nat(5), { minLength: 1, maxLength: 20 }), (args, choices) => {
      let used = 0;
      const choice = () => choices[used++ % choices.length]!;
      const call = { name: 'search', arguments: args };
      expect(parseCalls(block(pythonLiteral(call, choice)))).toEqual([call]);
    }),
    { numRuns: 2000 },
  );
});

const NO_BREAK = /^\r?\n|\r?\n$/;
test.each([
  ['PythonInterpreter', 'code', 'code'],
  ['bash', 'bash', 'command'],
])('code of %s comes back byte for byte', (name, tag, argument) => {
  const open = new RegExp(`</?${tag}>`, 'i');
  const code = anyText.filter((text) => !open.test(text) && !/^\s*```[\s\S]*```\s*$/.test(text));
  fc.assert(
    fc.property(code, (text) => {
      const head = `{"name": "${name}", "arguments": {}}`;
      const call = { name, arguments: { [argument]: text } };
      fc.pre(!/<\/?think>/i.test(text));
      expect(parseCalls(block(`${head}\n<${tag}>\n${text}\n</${tag}>`))).toEqual([call]);
      if (!NO_BREAK.test(text)) expect(parseCalls(block(`${head}<${tag}>${text}</${tag}>`))).toEqual([call]);
    }),
    { numRuns: 2000 },
  );
});

test('several calls come back in their order, whatever stands between', () => {
  const call = fc.oneof(
    fc.string().map((query) => {
      const value = { name: 'search', arguments: { query } };
      return { value, text: JSON.stringify(value) };
    }),
    fc.nat().map((number) => ({
      value: { name: 'bash', arguments: { command: `echo ${number}` } },
      text: `{"name": "bash", "arguments": {}}\n<bash>\necho ${number}\n</bash>`,
    })),
  );
  const between = fc.string().filter((text) => !/[<`]/.test(text));
  fc.assert(
    fc.property(fc.array(fc.tuple(call, between), { maxLength: 8 }), (parts) => {
      const text = parts.map(([part, gap]) => block(part.text) + gap).join('');
      expect(parseCalls(text)).toEqual(parts.map(([part]) => part.value));
    }),
  );
});
