import fc from 'fast-check';
import { expect, test } from 'vitest';
import { count, duration } from '../../client/cli/format.ts';
import { clean, truncate, widthOf, wrap } from '../../client/cli/text.ts';

test.each([
  ['colours', '\u001b[31mred\u001b[0m', 'red'],
  ['cursor moves', 'a\u001b[2Jb\u001b[10;10Hc', 'abc'],
  ['window titles', '\u001b]0;evil\u0007text', 'text'],
  ['hyperlinks', '\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\', 'link'],
  ['carriage returns', 'a\rb\r\nc', 'a\nb\nc'],
  ['bells, backspaces, NUL', 'a\u0007\u0008\u0000b', 'ab'],
  ['C1 controls', 'a\u009b31mb', 'ab'],
  ['direction overrides', 'a\u202eb\u2066c', 'abc'],
  ['nothing of plain text', 'Größe 正文\n  x', 'Größe 正文\n  x'],
])('clean takes out %s', (_, text, expected) => {
  expect(clean(text)).toBe(expected);
});

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom('\u001b', '[', ']', '3', '1', 'm', 'K', '\u0007', '\u009b', '正', 'a', ' ', '\n', '\t'),
  }),
);

test('nothing that moves a cursor is left of any text', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(clean(text)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    }),
  );
});

test.each([
  ['abc', 3],
  ['正文超时', 8],
  ['한국어', 6],
  ['カタカナ。', 10],
  ['e\u0301', 1],
  ['🔍', 2],
  ['Größe → …', 9],
])('%s takes %i columns', (text, columns) => {
  expect(widthOf(text)).toBe(columns);
});

test.each([
  ['short', 5, 'short'],
  ['a longer line', 8, 'a longe…'],
  ['正文超时', 8, '正文超时'],
  ['正文超时', 7, '正文超…'],
  ['正文超时', 6, '正文…'],
  ['anything', 0, ''],
])('truncate(%j, %i) is %j', (line, columns, expected) => {
  expect(truncate(line, columns)).toBe(expected);
});

test('lines are never wider than asked for, and wrapping loses nothing but blanks', () => {
  fc.assert(
    fc.property(anyText.map(clean), fc.integer({ min: 2, max: 90 }), (text, columns) => {
      const line = text.replaceAll('\n', '');
      expect(widthOf(truncate(line, columns))).toBeLessThanOrEqual(columns);
      const wrapped = wrap(text, columns);
      for (const each of wrapped) expect(widthOf(each)).toBeLessThanOrEqual(columns);
      expect(wrapped.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
    }),
  );
});

test('lines break at blanks, and between Chinese characters', () => {
  expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
  expect(wrap('默认值是三百秒', 6)).toEqual(['默认值', '是三百', '秒']);
  expect(wrap('a https://example.org/long x', 10)).toEqual(['a', 'https://ex', 'ample.org/', 'long x']);
});

test.each([
  [0, '0.0s'],
  [4_140, '4.1s'],
  [59_400, '59s'],
  [134_000, '2m 14s'],
  [3_900_000, '1h 05m'],
])('%i ms read as %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each([
  [950, '950'],
  [12_345, '12.3k'],
  [1_234_567, '1.2M'],
])('%i tokens read as %s', (tokens, text) => {
  expect(count(tokens)).toBe(text);
});
