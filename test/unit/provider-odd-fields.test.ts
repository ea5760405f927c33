import { describe, expect, test } from 'vitest';
import { cleanText, shorten } from '../../activities/providers/clean-text.ts';
import { fromParts, isoDate } from '../../activities/providers/dates.ts';
import { caseOf } from '../support/providers/all.ts';
import { withServer } from '../support/providers/local-server.ts';
import { arxivFeed } from '../support/providers/scholar-services.ts';

const QUERY = { text: 'attention', language: 'en', limit: 10 };

const search = (label: string, body: unknown) =>
  withServer(
    () => ({ body }),
    ({ url }) => caseOf(label).make(url).search(QUERY, new AbortController().signal),
  );

describe('one odd result does not cost the others', () => {
  const good = { title: 'Good', url: 'https://example.org/good' };
  const odd = [
    null,
    'text',
    7,
    [],
    {},
    { title: 'No address' },
    { title: 'Script', url: 'javascript:alert(1)' },
    { title: 'Relative', url: '/page' },
    { title: 'Broken', url: 'https://' },
    { title: ['a'], url: { href: 'x' } },
  ];
  test.each([
    ['searxng web', (results: unknown[]) => ({ results })],
    ['tavily', (results: unknown[]) => ({ results })],
    ['exa', (results: unknown[]) => ({ results })],
    ['brave', (results: unknown[]) => ({ web: { results } })],
    ['semantic-scholar', (data: unknown[]) => ({ data })],
  ])('%s', async (label, answer) => {
    const hits = await search(label, answer([...odd, good]));
    expect(hits).toEqual([{ ...good, snippet: '', provider: label.split(' ')[0] }]);
  });

  test('fields of other types are as if they were not there', async () => {
    const results = [
      { ...good, content: 42, published_date: { year: 2020 } },
      { ...good, title: null, content: null },
    ];
    expect(await search('tavily', { results })).toEqual([
      { ...good, snippet: '42', provider: 'tavily' },
      { title: good.url, url: good.url, snippet: '', provider: 'tavily' },
    ]);
  });

  test('scholar results without their usual line, and counts as text', async () => {
    const organic = [
      { title: 'A', link: 'https://example.org/a', publicationInfo: 'Unpublished', citedBy: '12', year: 'n.d.' },
      { title: 'B', link: 'https://example.org/b', citedBy: null, publicationInfo: 'A Author - publisher.org' },
    ];
    expect(await search('serper scholar', { searchParameters: {}, organic })).toEqual([
      { title: 'A', url: 'https://example.org/a', snippet: '', source: 'Unpublished', citedBy: 12, provider: 'serper' },
      {
        title: 'B',
        url: 'https://example.org/b',
        snippet: '',
        source: 'publisher.org',
        authors: ['A Author'],
        provider: 'serper',
      },
    ]);
  });

  test('a bare arXiv entry', async () => {
    const feed = arxivFeed(
      '<entry><id>http://arxiv.org/abs/math/0510097v1</id></entry>',
      '<entry><title>x</title></entry>',
    );
    const url = 'https://arxiv.org/abs/math/0510097v1';
    expect(await search('arxiv', feed)).toEqual([{ title: url, url, snippet: '', source: 'arXiv', provider: 'arxiv' }]);
  });

  test('pictures without sizes', async () => {
    const results = [{ title: 'T', url: 'https://example.org/', img_src: 'https://example.org/a.png', resolution: '' }];
    const [hit] = await search('searxng images', { results });
    expect(hit?.image).toEqual({ url: 'https://example.org/a.png' });
  });
});

describe('plain text', () => {
  test.each([
    ['A <b>bold</b>&nbsp;move &amp; more', 'A bold move & more'],
    ['H<sub>2</sub>O and CO<sub>2</sub>', 'H2O and CO2'],
    ['one<br/>two<p class="x">three</p>', 'one two three'],
    ['<span class="searchmatch">GPU</span>s &#39;fast&#39; &#x4e2d;', "GPUs 'fast' 中"],
    ['Vec<T> and a < b, if x<y and z>w', 'Vec<T> and a < b, if x<y and z>w'],
    ['the &lt;div&gt; element', 'the <div> element'],
    ['<jats:title>Abstract</jats:title><jats:p>Text</jats:p>', 'Abstract Text'],
    ['<mml:math xmlns:mml="http://x"><mml:mi>n</mml:mi></mml:math>-gram', 'n-gram'],
    ['AT&T &unknown; R&D', 'AT&T &unknown; R&D'],
    [' many \n\t spaces ', 'many spaces'],
    ['<!-- hidden -->seen', 'seen'],
    ['</body></html>&amp; on', '</body></html>& on'],
    [undefined, ''],
  ])('%o', (markup, text) => {
    expect(cleanText(markup)).toBe(text);
  });

  test('a cut falls between words, and never inside a character', () => {
    expect(shorten('one two three', { characters: 9 })).toBe('one two');
    expect(shorten('one two three', { characters: 50, words: 2 })).toBe('one two');
    expect(shorten('𝒳𝒳𝒳𝒳', { characters: 3 })).toBe('𝒳');
  });
});

describe('dates', () => {
  const now = Date.parse('2026-11-24T12:00:00Z');
  test.each([
    ['2017-06-12', '2017-06-12'],
    ['2017-06-12T17:57:34Z', '2017-06-12'],
    ['2017-06-12 17:57:34', '2017-06-12'],
    ['2017/6/2', '2017-06-02'],
    ['2017-06', '2017-06'],
    [2017, '2017'],
    ['Jun 12, 2017', '2017-06-12'],
    ['June 2017', '2017-06'],
    ['12 Sept. 2017', '2017-09-12'],
    ['Tue, 05 Mar 2024 10:00:00 GMT', '2024-03-05'],
    ['2024年3月5日', '2024-03-05'],
    ['2024년 3월 5일', '2024-03-05'],
    ['3 days ago', '2026-11-21'],
    ['1 hour ago', '2026-11-24'],
    ['an hour ago', '2026-11-24'],
    ['yesterday', '2026-11-23'],
    ['2 weeks ago', '2026-11-10'],
    ['5 months ago', '2026-06'],
    ['2 years ago', '2024'],
    ['2017-02-31', '2017-02'],
    ['2017-13-01', '2017'],
    ['0000-01-01', undefined],
    ['12345', undefined],
    ['n.d.', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%o', (text, date) => {
    expect(isoDate(text, now)).toBe(date);
  });

  test.each([
    [[2019, 5, 3], '2019-05-03'],
    [[2019, 5], '2019-05'],
    [[2019], '2019'],
    [[null], undefined],
    [[], undefined],
  ])('of parts %o', (parts, date) => {
    expect(fromParts(parts)).toBe(date);
  });
});
