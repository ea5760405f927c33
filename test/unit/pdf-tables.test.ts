import { expect, test } from 'vitest';
import { linesOf, lineText } from '../../activities/documents/pdf/lines.ts';
import { tableAt } from '../../activities/documents/pdf/tables.ts';

/** A page from rows of texts with the place where each begins; letters are 5 points wide and 10 high. */
function page(...rows: [left: number, text: string][][]) {
  const items = rows.flatMap((row, i) =>
    row.map(([left, str], j) => ({
      str,
      transform: [10, 0, 0, 10, left, 700 - i * 14],
      width: str.length * 5,
      height: 10,
      hasEOL: j === row.length - 1,
    })),
  );
  return linesOf(items);
}

test('columns with narrow gaps, a head that reaches over two of them, and an empty cell', () => {
  const lines = page(
    [
      [0, 'Island'],
      [70, 'People'],
    ],
    [
      [0, 'Vellmar'],
      [50, '4120'],
      [73, '4388'],
    ],
    [
      [0, 'Skerry'],
      [50, '77'],
      [73, '61'],
    ],
    [
      [0, 'Holm'],
      [73, '9'],
    ],
  );
  expect(tableAt(lines, 0)).toEqual({
    text: '| Island |  | People |\n| --- | --- | --- |\n| Vellmar | 4120 | 4388 |\n| Skerry | 77 | 61 |\n| Holm |  | 9 |',
    lines: 4,
  });
});

test('cells that do not tell their columns stay lines', () => {
  const lines = page(
    [
      [0, 'a'],
      [50, 'b'],
      [100, 'c'],
    ],
    [
      [0, 'long enough for two'],
      [120, 'd'],
    ],
  );
  expect(tableAt(lines, 0)).toBeUndefined();
  expect(lines.map(lineText)).toEqual(['a b c', 'long enough for two d']);
});

test('lines of single words are no table', () => {
  const words = (gap: number) => Array.from({ length: 6 }, (_, i): [number, string] => [i * (25 + gap), 'words']);
  expect(tableAt(page(words(3), words(5), words(4)), 0)).toBeUndefined();
});

test('two columns of text that were written line by line are read one after the other', () => {
  const left = 'the first column goes on and on';
  const right = 'and so does the second one here';
  const rows = Array.from({ length: 10 }, (_, i): [number, string][] => [
    [0, `${left} ${i}`],
    [220, `${right} ${i}`],
  ]);
  const { text, lines } = tableAt(page(...rows), 0)!;
  expect(lines).toBe(10);
  expect(text.split('\n\n').map((column) => column.split('\n').length)).toEqual([10, 10]);
  expect(text.startsWith(`${left} 0\n${left} 1\n`)).toBe(true);
});

test('a page of rows that are no table is no burden', () => {
  const rows = Array.from({ length: 1000 }, (_, i): [number, string][] => [
    [0, 'x'.repeat((i % 2) * 20 + 1)],
    [110, 'y'],
    [(i % 2) * 40 + 130, 'z'],
  ]);
  const lines = page(...rows);
  const startedAt = performance.now();
  for (let i = 0; i < lines.length; i++) tableAt(lines, i);
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});
