import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitParts } from '../../activities/documents/parts.ts';
import { readDocument } from '../../activities/documents/read-document.ts';

const fixture = (name: string) => new URL(`../fixtures/corpus/${name}`, import.meta.url).pathname;
const bytes = (text: string) => new TextEncoder().encode(text);
const utf16 = (text: string, bigEndian: boolean) => {
  const buffer = Buffer.from(text, 'utf16le');
  return bigEndian ? buffer.swap16() : buffer;
};

/** "港口灯塔，默认值是九十秒。" in GB18030. */
const GB18030 = Buffer.from('b8dbbfdab5c6cbfea3acc4acc8cfd6b5cac7bec5caaec3eba1a3', 'hex');

describe('text encodings', () => {
  test.each<[string, Uint8Array, string]>([
    ['UTF-8', bytes('naïve 港口'), 'naïve 港口'],
    ['UTF-8 with a mark', bytes('\ufeffnaïve'), 'naïve'],
    ['UTF-16 LE with a mark', utf16('\ufeffnaïve 港口', false), 'naïve 港口'],
    ['UTF-16 BE with a mark', utf16('\ufeffnaïve 港口', true), 'naïve 港口'],
    ['UTF-16 LE without a mark', utf16('plain words in wide letters', false), 'plain words in wide letters'],
    ['UTF-16 BE without a mark', utf16('plain words in wide letters', true), 'plain words in wide letters'],
    ['GB18030', GB18030, '港口灯塔，默认值是九十秒。'],
    [
      'Windows-1252',
      Buffer.from('Une répétition très légère, dit-elle', 'latin1'),
      'Une répétition très légère, dit-elle',
    ],
    ['mostly UTF-8', Buffer.concat([bytes('港口灯塔手册港口灯塔'), Buffer.from([0xff])]), '港口灯塔手册港口灯塔\ufffd'],
    ['line ends of Windows', bytes('one\r\ntwo\rthree'), 'one\ntwo\nthree'],
    ['nothing', bytes(''), ''],
  ])('%s', async (_name, source, text) => {
    expect(await readDocument(source, { name: 'a.txt' })).toMatchObject({ kind: 'text', text });
  });

  test('a charset that the server names goes before guessing', async () => {
    const source = Buffer.from([0xe4, 0xe5, 0xf6]);
    expect((await readDocument(source, { name: 'a', contentType: 'text/plain; charset=iso-8859-1' })).text).toBe('äåö');
  });

  test('a charset in the page itself is honoured', async () => {
    const page = Buffer.concat([bytes('<html><meta charset="gb2312"><body><p>'), GB18030, bytes('</p></body></html>')]);
    expect((await readDocument(page, { name: 'a.html' })).text).toContain('港口灯塔，默认值是九十秒。');
  });

  test('any text survives as UTF-8', async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[\p{L}\p{N} .,\n]{0,200}$/u), async (text) => {
        expect((await readDocument(bytes(text), { name: 'a.txt' })).text).toBe(text);
      }),
    );
  });
});

describe('titles', () => {
  test.each([
    ['front matter', '---\ntitle: "Lamps: a guide"\n---\n# Other', 'Lamps: a guide'],
    ['the first heading of the highest level', '## Small\n\n# Big *one* with `code`\n', 'Big one with code'],
    ['an underlined heading', 'Lamps\n=====\n\ntext', 'Lamps'],
    ['no heading in a code fence', '```\n# comment\n```\n\n## Real', 'Real'],
    ['badges left out', '# lamps [![CI](a.svg)](https://ci.example)', 'lamps'],
    ['an HTML heading', '<h1 align="center">Lamps <img src="x"></h1>\n\n## Install', 'Lamps'],
    ['none', 'just text', undefined],
  ])('%s', async (_name, source, title) => {
    expect((await readDocument(bytes(source), { name: 'a.md' })).title).toBe(title);
  });
});

describe('HTML', () => {
  test('keeps headings, links, tables and code, and drops what is no content', async () => {
    const { title, text, kind } = await readDocument(fixture('web/signal-flags.html'));
    expect({ title, kind }).toEqual({ title: 'Signal flags at Vellmar', kind: 'html' });
    expect(text).toContain("[pilots' page](pilots.html)");
    expect(text).toContain('| Flag | Meaning |\n| --- | --- |\n| Yellow | Wants a pilot |');
    expect(text).toContain('```js\nhoist(flag_colour, { atNight: true })\n```');
    expect(text).toMatch(/^## At night$/m);
    expect(text).not.toMatch(/not text|Shop/);
  });

  test.each([
    ['no body tag', '<title>Q</title><p>one<p>two', '# Q\n\none\n\ntwo'],
    ['a bare fragment', '<p>see <a href="b.md">b</a>', 'see [b](b.md)'],
    ['a head without a body', '<html><head><title>Q</title></head><p>para', '# Q\n\npara'],
    ['too little for an article', '<html><body><div>tiny</div></body></html>', 'tiny'],
    ['script links', '<html><body><a href="javascript:x()">go</a></body></html>', 'go'],
    ['nothing to read', '<html><body><script>x</script></body></html>', ''],
  ])('%s', async (_name, source, text) => {
    expect((await readDocument(bytes(source), { name: 'a.html' })).text).toBe(text);
  });

  test('links become absolute where the address of the page is known', async () => {
    const source = bytes('<html><body><p><a href="../b (1).html#x">b</a></p></body></html>');
    const { text } = await readDocument(source, { contentType: 'text/html', url: 'https://h.example/a/c/d' });
    expect(text).toBe('[b](https://h.example/a/b%20%281%29.html#x)');
  });

  // Either takes minutes where a step is done again for each cell or space.
  test.each([
    [
      'a table of 5,000 rows',
      `<table>${'<tr><td>a</td><td>b</td></tr>'.repeat(5000)}</table>`,
      /(\| a \| b \|\n){4000}/,
    ],
    ['half a million spaces', `<pre>${' '.repeat(500_000)}end</pre>`, /end/],
  ])('%s is no burden', async (_name, body, expected) => {
    expect(
      (await readDocument(bytes(`<html><head></head><body>${body}</body></html>`), { name: 'a.html' })).text,
    ).toMatch(expected);
  });

  test('a page nested without end is read as bare text', async () => {
    const source = bytes(`<html><body>${'<div>'.repeat(5000)}deep${'</div>'.repeat(5000)}</body></html>`);
    expect((await readDocument(source, { name: 'a.html' })).text).toBe('deep');
  });
});

test('a PDF gives its text in order, page by page, with ordinary characters', async () => {
  const { title, text, kind } = await readDocument(fixture('mole-repair.pdf'));
  expect({ title, kind }).toEqual({ title: 'Repair of the north mole', kind: 'pdf' });
  const pages = text.split('\f').map((page) => page.trim());
  expect(pages).toHaveLength(3);
  expect(pages[0]).toMatch(/^Repair of the north mole\n\nThe north mole lost forty metres/);
  expect(pages[1]).toMatch(/310 cubic metres[\s\S]*\| Cement \| 95 tonnes \|/);
  expect(pages[2]).toContain('北防波堤在一月的风暴中损坏了四十米，修复分两个阶段进行。');
});

describe('JSON', () => {
  test('stays as it is where it has lines', async () => {
    const source = '{ "serial": 12345678901234567890 }\n';
    expect((await readDocument(bytes(source), { name: 'a.json' })).text).toBe(source);
  });

  test('on one long line is laid out without changing a value', async () => {
    const items = Array.from({ length: 60 }, (_, i) => `{"n":${i},"s":"a, {b}: \\"c\\"","e":[]}`);
    const source = `{"big":12345678901234567890,"items":[${items.join(',')}]}`;
    const { text } = await readDocument(bytes(source), { name: 'a.json' });
    expect(text.startsWith('{\n  "big": 12345678901234567890,\n  "items": [\n    {\n      "n": 0,')).toBe(true);
    expect(JSON.parse(text)).toEqual(JSON.parse(source));
  });
});

describe('what cannot be read is a sentence with the name of the file', () => {
  test.each<[string, string, Uint8Array, RegExp]>([
    [
      'an archive',
      'a.docx',
      Buffer.from('PK\x03\x04rest', 'latin1'),
      /^a\.docx is a damaged ZIP file and cannot be read\.$/,
    ],
    ['a picture', 'a.png', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), /^a\.png is an image/],
    ['noise', 'a.txt', Uint8Array.from({ length: 2000 }, (_, i) => (i * 7919) % 251), /^a\.txt is a binary file/],
    ['a broken PDF', 'a.pdf', bytes('%PDF-1.7\nnothing more'), /^a\.pdf is a damaged PDF/],
  ])('%s', async (_name, name, source, sentence) => {
    await expect(readDocument(source, { name })).rejects.toMatchObject({
      name: 'ToolError',
      message: expect.stringMatching(sentence),
    });
  });

  test('a file beyond the limit', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'documents-'));
    try {
      await writeFile(join(folder, 'big.txt'), 'x'.repeat(3_000_000));
      const reading = readDocument(join(folder, 'big.txt'), { maxBytes: 2 * 1024 * 1024 });
      await expect(reading).rejects.toThrow('big.txt has 2.9 MB, more than the 2.0 MB that can be read.');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('no bytes make it fail in another way', async () => {
    const name = fc.constantFrom('a.txt', 'a.md', 'a.html', 'a.csv', 'a.json', 'a');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), name, async (source, name) => {
        const outcome = await readDocument(source, { name }).catch((error) => error);
        expect(outcome.name === 'ToolError' || typeof outcome.text === 'string').toBe(true);
      }),
    );
  });
});

test('a part ends before a mark where there is one', () => {
  const text = `${'a'.repeat(70)}\n--- b\n\n${'c'.repeat(60)}`;
  expect(splitParts(text, { size: 100, before: '---' })).toEqual([`${'a'.repeat(70)}\n`, `--- b\n\n${'c'.repeat(60)}`]);
});

test('parts of a long text are the text, and end at lines where there are any', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 500 }), fc.integer({ min: 2, max: 60 }), (text, size) => {
      const parts = splitParts(text, { size });
      expect(parts.join('')).toBe(text);
      for (const part of parts) expect(part.length).toBeLessThanOrEqual(size);
    }),
  );
  expect(splitParts(`${'a'.repeat(80)}\n${'b'.repeat(60)}`, { size: 100 })).toEqual([
    `${'a'.repeat(80)}\n`,
    'b'.repeat(60),
  ]);
});
