import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutPassages } from '../../activities/corpus/cut-passages.ts';
import { stem, tokens } from '../../activities/corpus/tokens.ts';
import type { DocumentKind } from '../../activities/documents/readable-document.ts';

describe('passages', () => {
  test('are the text, whatever it is', () => {
    const kind = fc.constantFrom<DocumentKind>('markdown', 'text', 'html', 'pdf', 'csv', 'tsv', 'json');
    const line = fc.oneof(
      fc.constantFrom(
        '# One',
        '## Two',
        '### Three',
        '',
        '```',
        '\f',
        '- item',
        'x'.repeat(1800),
        '中'.repeat(1700),
        '😀'.repeat(900),
      ),
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constant('A sentence of some words. '.repeat(80)),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), kind, (lines, kind) => {
        const text = lines.join('\n');
        const passages = cutPassages(text, kind);
        expect(passages.map((passage) => passage.text).join('')).toBe(text);
        for (const passage of passages) expect(passage.text.trimEnd().length).toBeLessThanOrEqual(2000);
      }),
    );
  });

  test('begin at headings and know what is above them', () => {
    const long = `${'Some words that fill the section. '.repeat(20)}\n\n`;
    const text = `# Top\n\n${long}## A\n\n${long}### A1\n\n${long}## B \`b\`\n\n${long}`;
    const passages = cutPassages(text, 'markdown');
    expect(passages.map(({ headings }) => headings)).toEqual([
      ['Top'],
      ['Top', 'A'],
      ['Top', 'A', 'A1'],
      ['Top', 'B b'],
    ]);
  });

  test('what looks like a heading in a code fence is none', () => {
    const text = `# Top\n\n\`\`\`sh\n# install\n${'npm install\n'.repeat(60)}\`\`\`\n`;
    expect(cutPassages(text, 'markdown').map(({ headings }) => headings)).toEqual([['Top']]);
  });

  test('rows of a table carry the names of its columns', () => {
    const text = `day,height\n${'2025-03-01,4.8\n'.repeat(300)}`;
    const passages = cutPassages(text, 'csv');
    expect(passages.length).toBeGreaterThan(1);
    for (const { headings, text } of passages) {
      expect(headings).toEqual(['day,height']);
      expect(text.endsWith('\n')).toBe(true);
    }
  });

  test('items of a list stay whole', () => {
    const item = `- option: ${'what it does, in some words, '.repeat(10)}\n  more of it\n`;
    for (const { text } of cutPassages(item.repeat(30), 'markdown')) {
      expect(text.startsWith('- option')).toBe(true);
      expect(text.endsWith('more of it\n')).toBe(true);
    }
  });
});

describe('tokens', () => {
  test.each([
    ['bodyTimeout', 'body timeout bodytimeout'],
    ['body_timeout', 'body timeout bodytimeout'],
    ['BODY-TIMEOUT', 'body timeout bodytimeout'],
    ['HTTPServer2', 'http server2 httpserver2'],
    ['v1.24.0 is 3.14', '1.24.0 is 3.14'],
    ['Café naïve', 'caf naiv'],
    ['ＡＢＣ', 'abc'],
    ['请求超时', '请求 求超 超时 时'],
    ['用Node写', '用 nod 写'],
    ['한국어', '한국 국어 어'],
    ['カタカナ', 'カタ タカ カナ ナ'],
    ["the worker's", 'the worker'],
    ['…—“”', ''],
  ])('%s', (text, expected) => {
    expect(tokens(text).join(' ')).toBe(expected);
  });

  test('English forms of a word meet', () => {
    for (const forms of [
      ['request', 'requests', 'requested', 'requesting'],
      ['cache', 'caches', 'cached', 'caching'],
      ['retry', 'retries', 'retried', 'retrying'],
      ['stop', 'stops', 'stopped', 'stopping'],
    ])
      expect(new Set(forms.map(stem)).size).toBe(1);
    expect(new Set(['string', 'status', 'process', 'need', 'is', 'bed'].map(stem)).size).toBe(6);
  });

  test('none has a space or a quote, which would break the query', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        for (const token of tokens(text)) expect(token).toMatch(/^[^\s"*]{1,64}$/u);
      }),
    );
  });
});
