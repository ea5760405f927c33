import { describe, expect, test } from 'vitest';
import { verbatimFinder } from '../../activities/reading/verbatim.ts';

const PAGE = `# The north mole

The mole was **repaired** in 1957 at a cost of £1,234.50, the [harbour office](https://x.example/office_(old)) says.[12]
It didn’t hold: by the winter of 1958–59 the sea had taken "eleven metres" of it.

| stage | year | cement, t |
| --- | --- | --- |
| first | 1957 | 340 |
| second | 1961 | 512 |

Temperatures fell to -5 °C. A well-known engi-
neer, Ada Fröhlich, was asked. 混凝土的强度等级
为C30，由挪威工程师设计。Naïve café.
`;

const find = (quote: string, page = PAGE) =>
  verbatimFinder(page)(quote).map(({ start, end }) => page.slice(start, end));

describe('quotes that stand in the page, whatever their marks', () => {
  test.each<[string, string]>([
    ['The mole was repaired in 1957', 'The mole was **repaired** in 1957'],
    [
      'a cost of £1,234.50, the harbour office says.',
      'a cost of £1,234.50, the [harbour office](https://x.example/office_(old)) says.',
    ],
    ['the harbour office', 'the [harbour office](https://x.example/office_(old))'],
    ['office says', '[harbour office](https://x.example/office_(old)) says.'],
    ["It didn't hold: by the winter of 1958-59 the sea", 'It didn’t hold: by the winter of 1958–59 the sea'],
    ['the sea had taken “eleven metres” of it', 'the sea had taken "eleven metres" of it.'],
    ['| second | 1961 | 512 |', 'second | 1961 | 512'],
    ['Temperatures fell to −5 °C', 'Temperatures fell to -5 °C.'],
    ['A well-known engineer, Ada Frohlich', 'A well-known engi-\nneer, Ada Fröhlich,'],
    ['混凝土的强度等级为C30', '混凝土的强度等级\n为C30，'],
    ['NAÏVE CAFÉ', 'Naïve café.'],
  ])('%s', (quote, span) => {
    expect(find(quote)).toEqual([span]);
  });
});

describe('quotes that do not stand there', () => {
  test.each([
    'The mole was repaired in 1958',
    'a cost of £1234.50 in all',
    'cost of £12,34.50',
    'mole was re', // ends within a word
    'he mole was repaired in 1957', // begins within one
    '强度等级为C35',
    '',
    '...',
    '7',
  ])('%j', (quote) => {
    expect(find(quote)).toEqual([]);
  });
});

test('of a quote that was put together the parts that stand are taken', () => {
  expect(find('| stage | year | cement, t |\n| second | 1961 | 512 |')).toEqual([
    'stage | year | cement, t',
    'second | 1961 | 512',
  ]);
  expect(find('The mole was repaired in 1957 […] the sea had taken "eleven metres"')).toHaveLength(2);
  expect(find('It was built by giants. Temperatures fell to -5 °C. Nobody saw it coming at all.')).toEqual([
    'Temperatures fell to -5 °C.',
  ]);
});

test('any stretch of whole words of a page is found in it, and what is found has its words', () => {
  const positions = [...PAGE.matchAll(/\S+/g)].map(({ index }) => index);
  const bare = (text: string) => text.replace(/[^\p{L}\p{N}]/gu, '');
  // Neither where a link leads to nor the number of a footnote is a word.
  const wordsOf = (text: string) => bare(text.replace(/\]\(\S+\)|\[\d+\]/g, ''));
  let looked = 0;
  for (let from = 0; from + 6 <= positions.length; from += 1) {
    for (let count = 3; count <= 6; count += 1) {
      const quote = PAGE.slice(positions[from], positions[from + count]);
      if (bare(quote).length < 8 || /engi-\s*$|^neer|\[harbour\s*$|^office\]/.test(quote)) continue;
      looked += 1;
      expect(wordsOf(find(quote).join('')), quote).toContain(wordsOf(quote).slice(0, 8));
    }
  }
  expect(looked).toBeGreaterThan(150);
});

test('a long page is searched fast enough, and one made of marks does no harm', () => {
  const long = `${'The keeper trims the lamps. '.repeat(40_000)}Lamp seven went dark at four.`;
  expect(find('Lamp seven went dark at four.', long)).toEqual(['Lamp seven went dark at four.']);
  for (const hostile of ['[('.repeat(50_000), ']('.repeat(50_000), '](('.repeat(50_000), '-\n'.repeat(50_000)])
    expect(find('nothing of the kind', hostile)).toEqual([]);
});
