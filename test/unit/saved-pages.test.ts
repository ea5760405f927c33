import { afterAll, describe, expect, test } from 'vitest';
import { readDocument } from '../../activities/documents/read-document.ts';
import { tableLines } from '../../bench/table.ts';
import { bareReadability, bytesOf, savedPages, score, urlOf } from '../support/pages/saved-pages.ts';

const rows: string[][] = [];
afterAll(() => {
  console.log(tableLines(['page', 'text', 'bare', 'links', 'bare', 'clutter', 'bare'], rows).join('\n'));
});

describe.each(savedPages.map((page) => [page.kind, page] as const))('%s', (kind, page) => {
  test('text and links come out as a reader expects', async () => {
    const bytes = bytesOf(page);
    const { contentType = 'text/html' } = page;
    const document = await readDocument(bytes, { name: page.file, contentType, url: urlOf(page) });
    expect(document.title).toBe(page.title);
    expect(document.needsScripts).toBe(page.needsScripts);
    let from = 0;
    for (const stretch of page.text) {
      const at = document.text.indexOf(stretch, from);
      expect(at >= 0 ? stretch : document.text.slice(from)).toBe(stretch);
      from = at + stretch.length;
    }
    for (const [text, url] of page.links) expect(document.text).toContain(`[${text}](${url})`);
    for (const clutter of page.without.filter((text) => /[\p{L}\p{N}]/u.test(text)))
      expect(document.text).not.toContain(clutter);

    const links = [...document.text.matchAll(/\]\(([^)\s]*)\)/g)].map(([, href = '']) => href);
    const ours = score(page, { text: document.text, links });
    const html = /html/.test(contentType) ? new TextDecoder(charsetOf(page.file)).decode(bytes) : undefined;
    const bare = html === undefined ? undefined : score(page, bareReadability(html));
    const cells = (one: typeof bare, name: 'text' | 'links' | 'clutter', all: number) =>
      one ? `${one[name]}/${all}` : '–';
    const counts = { text: page.text.length, links: page.links.length, clutter: page.without.length };
    rows.push([
      kind,
      ...(['text', 'links', 'clutter'] as const).flatMap((name) => [
        cells(ours, name, counts[name]),
        cells(bare, name, counts[name]),
      ]),
    ]);
    if (bare) {
      expect(ours.text).toBeGreaterThanOrEqual(bare.text);
      expect(ours.links).toBeGreaterThanOrEqual(bare.links);
      expect(ours.clutter).toBeLessThanOrEqual(bare.clutter);
    }
  });
});

/** The bare library is given text, decoded as it should be. */
const charsetOf = (file: string): string =>
  ({ 'zh-news.html': 'gb18030', 'russian.html': 'windows-1251' })[file] ?? 'utf-8';

test('there are thirty and more of many kinds', () => {
  expect(savedPages.length).toBeGreaterThanOrEqual(30);
});
