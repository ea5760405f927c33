import { describe, expect, test } from 'vitest';
import { mergeHits } from '../../activities/providers/merge.ts';
import { pageKey } from '../../activities/providers/page-key.ts';
import type { SearchHit } from '../../activities/providers/provider.ts';

describe('addresses of the same page', () => {
  test.each([
    [
      'https://example.org/a',
      'http://example.org/a',
      'https://www.example.org/a/',
      'HTTPS://EXAMPLE.ORG:443/a',
      'http://m.example.org/a#part-2',
      'https://example.org/a?utm_source=x&utm_medium=y',
      'https://example.org/a?fbclid=1&gclid=2',
      'https://example.org/a/index.html',
    ],
    ['https://example.org/?b=2&a=1', 'https://example.org/?a=1&b=2', 'https://www.example.org?a=1&utm_id=3&b=2'],
    ['https://en.wikipedia.org/wiki/Graphics_card', 'https://en.m.wikipedia.org/wiki/Graphics_card'],
    ['https://zh.wikipedia.org/wiki/显存', 'https://zh.wikipedia.org/wiki/%E6%98%BE%E5%AD%98'],
    [
      'https://arxiv.org/abs/1706.03762',
      'http://arxiv.org/abs/1706.03762v7',
      'https://arxiv.org/pdf/1706.03762',
      'https://arxiv.org/pdf/1706.03762v5.pdf',
      'https://www.arxiv.org/html/1706.03762v7',
      'https://export.arxiv.org/abs/1706.03762',
      'https://doi.org/10.48550/arXiv.1706.03762',
      'https://doi.org/10.48550/ARXIV.1706.03762v2',
    ],
    ['https://arxiv.org/abs/math/0510097v1', 'https://arxiv.org/pdf/math/0510097'],
    [
      'https://doi.org/10.1145/3600006.3613165',
      'http://dx.doi.org/10.1145/3600006.3613165',
      'https://dl.acm.org/doi/10.1145/3600006.3613165',
      'https://dl.acm.org/doi/abs/10.1145/3600006.3613165',
      'https://dl.acm.org/doi/pdf/10.1145/3600006.3613165',
    ],
    ['https://doi.org/10.1007/S10994-021-1', 'https://link.springer.com/article/10.1007/s10994-021-1'],
  ])('%s', (...addresses) => {
    expect(new Set(addresses.map(pageKey)).size).toBe(1);
  });
});

describe('addresses of different pages', () => {
  test.each([
    ['https://example.org/a', 'https://example.org/b'],
    ['https://example.org/a', 'https://example.org/A'],
    ['https://example.org/a', 'https://sub.example.org/a'],
    ['https://example.org/a', 'https://example.org:8443/a'],
    ['https://example.org/?id=1', 'https://example.org/?id=2'],
    ['https://example.org/?ref=main', 'https://example.org/'],
    ['https://example.org/#/a', 'https://example.org/#/b'],
    ['https://arxiv.org/abs/1706.03762', 'https://arxiv.org/abs/1706.03763'],
    ['https://arxiv.org/list/cs.CL/recent', 'https://arxiv.org/list/cs.LG/recent'],
    ['https://doi.org/10.1000/a', 'https://doi.org/10.1000/b'],
    ['https://en.wikipedia.org/wiki/A', 'https://de.wikipedia.org/wiki/A'],
    ['no address', 'another'],
  ])('%s and %s', (one, other) => {
    expect(pageKey(one)).not.toBe(pageKey(other));
  });
});

describe('merged lists', () => {
  const hit = (url: string, provider: string, more: Partial<SearchHit> = {}): SearchHit => ({
    title: url,
    url,
    snippet: '',
    provider,
    ...more,
  });
  const urls = (hits: SearchHit[]) => hits.map(({ url }) => url);

  test('the same page is one hit, completed from the others', () => {
    const one = [hit('https://arxiv.org/abs/1706.03762', 'a', { title: 'Attention', published: '2017' })];
    const other = [
      hit('https://doi.org/10.48550/arXiv.1706.03762', 'b', { snippet: 'Text', published: '2017-06-12', citedBy: 5 }),
    ];
    expect(mergeHits([one, other], 10)).toEqual([
      {
        title: 'Attention',
        url: 'https://arxiv.org/abs/1706.03762',
        snippet: 'Text',
        published: '2017-06-12',
        citedBy: 5,
        provider: 'a',
        alsoFrom: ['b'],
      },
    ]);
  });

  test('another year stays that of the first', () => {
    const lists = ['2017', '2019-01-01'].map((published, i) => [hit('https://example.org', `p${i}`, { published })]);
    expect(mergeHits(lists, 10)[0]?.published).toBe('2017');
  });

  test('what two found comes before what one found, else by place and order of the providers', () => {
    const a = ['1', '2', '3'].map((n) => hit(`https://example.org/${n}`, 'a'));
    const b = ['4', '3', '5'].map((n) => hit(`https://example.org/${n}`, 'b'));
    expect(urls(mergeHits([a, b], 10)).map((url) => url.at(-1))).toEqual(['3', '1', '4', '2', '5']);
    expect(mergeHits([a, b], 2)).toHaveLength(2);
  });

  test('a page twice in one list is one hit and gains nothing', () => {
    const list = ['a', 'b?x=1', 'b?x=1&utm_source=y'].map((path) => hit(`https://example.org/${path}`, 'p'));
    const merged = mergeHits([list], 10);
    expect(urls(merged)).toEqual(['https://example.org/a', 'https://example.org/b?x=1']);
    expect(merged[1]).not.toHaveProperty('alsoFrom');
  });

  test('two pictures of one page are two hits', () => {
    const pictures = ['1', '2'].map((n) =>
      hit('https://example.org', 'p', { image: { url: `https://img.org/${n}.png` } }),
    );
    expect(mergeHits([pictures], 10)).toHaveLength(2);
  });
});
