import { beforeAll, describe, expect, test } from 'vitest';
import { readDocument } from '../../activities/documents/read-document.ts';
import type { ReadableDocument } from '../../activities/documents/readable-document.ts';

/** Made by the programs that `make.py` beside them names; what went in stands there. */
const fixture = (name: string) => new URL(`../fixtures/documents/${name}`, import.meta.url).pathname;
const read = (name: string) => readDocument(fixture(name));

const COSTS = ['| Quarter | Oil, litres | Cost |', '| --- | --- | --- |', '| First | 120 | € 310.50 |'].join('\n');
const CHINESE = '北灯塔在十七个夜晚没有点亮，维修费用为三百一十欧元。';

describe('text documents', () => {
  test.each(['report.docx', 'report.odt'])('%s keeps headings, notes, links, tables and lists', async (name) => {
    const { kind, title, text } = await read(name);
    expect({ kind, title }).toEqual({ kind: 'document', title: 'Harbour report 2024' });
    expect(text).toBe(
      `# Harbour report 2024

The north lamp was out for 17 nights.[1] See [the list of lamps](https://harbour.example/lamps).

## Costs by quarter

${COSTS}
| First | 95 | € 251.00 |
| Second | 80 | € 199.99 |

## 中文摘要

${CHINESE}

## What to do

1. Trim the wick.
2. Fill the tank.

And never:

- leave the door open
    - not even in summer
- burn wet oil

[1] Counted from the keeper’s log.`,
    );
  });

  test.each([
    'report.doc',
    'report.rtf',
    'report.epub',
    'report.pdf',
  ])('%s keeps its words and tables', async (name) => {
    const { title, text } = await read(name);
    expect(title).toBe('Harbour report 2024');
    const parts = [
      'Harbour report 2024',
      'The north lamp was out for 17 nights.',
      'the list of lamps',
      COSTS,
      '€ 251.00',
      '| Second | 80 | € 199.99 |',
      '中文摘要',
      CHINESE,
      'Fill the tank.',
      'not even in summer',
    ];
    const places = parts.map((part) => text.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(text).toMatch(/Counted from the keeper[’']s log\./);
  });

  test('headings, items and notes of RTF', async () => {
    const { text } = await read('report.rtf');
    expect(text).toMatch(/^# Harbour report 2024\n\nThe north lamp/);
    expect(text).toContain('17 nights. [note: Counted from the keeper’s log.] See');
    expect(text).toContain('\n\n1. Trim the wick.\n\n2. Fill the tank.\n\n');
  });

  test('titles, equations and merged cells of a document that a library wrote', async () => {
    const { title, text } = await read('glass.docx');
    expect(title).toBe('Notes on glass');
    expect(text).toBe(
      `# Notes on glass

# Lenses

A lens of the first order is **2.59 metres** high; read [more on lenses](https://lens.example/orders)

Its energy is E=(m/2)v^2

1. grind
2. polish

| Order | Focus | Use |
| --- | --- | --- |
| first, 920 mm |  | 海岸灯塔 |
| sixth | 150 mm | harbours |`,
    );
  });
});

describe('presentations', () => {
  test.each(['lamps.pptx', 'lamps.odp'])('%s: slides by number, with notes and what is hidden', async (name) => {
    const { kind, title, text } = await read(name);
    expect({ kind, title }).toEqual({ kind: 'presentation', title: 'Lamps of the coast' });
    expect(text).toBe(
      `## Slide 1

Lamps of the coast

A survey of 41 lamps

Notes: Welcome everybody and thank the keepers.

## Slide 2

Ships that passed

Counted by hand, see [the counts](https://ships.example/counts)

| Year | Ships |
| --- | --- |
| 2023 | 1,204 |

Notes: The count of 2023 is preliminary.

## Slide 3

结论

灯塔需要新的镜片

Notes: 用中文讲这一页。

## Slide 4 (hidden)

Spare figures

Not shown unless asked

Notes: Only for questions.`,
    );
  });

  test('titles, lists and the figures of charts', async () => {
    expect((await read('keepers.pptx')).text).toBe(
      `## Slide 1: Keepers

一份名单

## Slide 2: Who keeps what

- North lamp
  - two keepers
- [rota](https://rota.example/)

Notes: Say who is ill.

## Slide 3: Nights

| Keeper | Nights |
| --- | --- |
| Ada | 17 |

[Chart]

|  | Oil |
| --- | --- |
| 2022 | 120 |
| 2023 | 95.5 |`,
    );
    const { text } = await read('keepers.odp');
    expect(text).toMatch(
      /^## Slide 1: Keepers\n\n一份名单\n\n## Slide 2: Who keeps what\n\n- North lamp\n\n- two keepers/,
    );
    expect(text).toMatch(/Notes: Say who is ill\.\n\n## Slide 3: Nights/);
  });
});

describe('spreadsheets', () => {
  const SALES = (total: string) => `## Sheet 1: Sales 2024

Oil sales by harbour

From cell A3:

| Harbour | Date | Litres | Price | Share |
| --- | --- | --- | --- | --- |
| Vellmar | 2024-03-31 | 1200.5 | € 2.35 | 41.25% |
| Vellmar | 2024-06-30 | 980 | € 2.40 | 33.75% |
| 港口 | 2024-09-30 14:30:00 | 12345678.25 | € 2.50 | 25.00% |
| Total |  | ${total} |

From cell A9:

| Source | [harbour office](https://harbour.example/office) |
| --- | --- |

Notes on cells:
- A4: Counted twice

## Sheet 2: 密钥 (hidden)

| 名称 | 值 | Kept |
| --- | --- | --- |
| 灯塔\\|北 | 7 | `;

  test.each([
    ['sales.xlsx', '12347858.75 | 2.41666666666667 | #DIV/0!'],
    ['sales.xls', '12347858.75 | 2.41666666666667 | #DIV/0!'],
    ['sales.ods', '12347858.75 | 2.41666666666667 | #DIV/0!'],
    ['uncalculated.xlsx', '=SUM(C4:C6) | =AVERAGE(D4:D6) | =1/0'],
  ])('%s: values with all their digits, dates as dates, sheets by name', async (name, total) => {
    const { kind, text } = await read(name);
    expect(kind).toBe('spreadsheet');
    expect(text.startsWith(SALES(total))).toBe(true);
    expect(text).toMatch(
      /\| two lines \| 0\.3 \| (?:FALSE|0) \|\n\| 00012 \| 06:45:00 \| {2}\|\n\n## Sheet 3: Empty\n\n\(no cells\)$/,
    );
  });
});

describe('archives', () => {
  let mixed: ReadableDocument;
  beforeAll(async () => {
    mixed = await read('mixed.zip');
  });

  test('lists the members and shows how they begin, those of an archive in it only listed', () => {
    expect(mixed.kind).toBe('archive');
    expect(mixed.text).toMatch(
      /^ZIP archive of 4 files, [\d.]+ KB unpacked:\n\n- notes\/读我\.txt \(22 bytes\)\n- notes\/long\.csv \([\d.]+ KB\)\n- tables\/sales\.xlsx \([\d.]+ KB\)\n- inner\.zip \(\d+ bytes\)\n\n# notes\/读我\.txt\n\n北灯塔的说明。\n/,
    );
    expect(mixed.text).toMatch(
      /\n\[The first 20,000 of 3\d,\d{3} characters\.\]\n\n# tables\/sales\.xlsx\n\n## Sheet 1/,
    );
    expect(mixed.text).toMatch(
      /# inner\.zip\n\nZIP archive of 1 file, \d+ bytes unpacked:\n\n- deep\.md \(\d+ bytes\)$/,
    );
  });

  test.each([
    [['notes/long.csv'], 'csv', /^day,height\n0,0\.000\n[\s\S]*\n2999,428\.429\n$/],
    [['/notes\\读我.txt'], 'text', /^北灯塔的说明。\n$/],
    [['tables/sales.xlsx'], 'spreadsheet', /^## Sheet 1: Sales 2024/],
    [['inner.zip'], 'archive', /# deep\.md\n\n# Deep\n\nA note in an archive in an archive\./],
    [['inner.zip', 'deep.md'], 'markdown', /^# Deep\n\nA note/],
  ])('one member: %j', async (members, kind, text) => {
    const document = await readDocument(fixture('mixed.zip'), { members });
    expect(document.kind).toBe(kind);
    expect(document.text).toMatch(text);
  });

  test.each([
    ['mixed.zip', ['notes/lon.csv'], 'There is no "notes/lon.csv" in mixed.zip. Like it: notes/long.csv.'],
    ['mixed.zip', ['empty/'], '"empty/" is a folder in mixed.zip; name a file.'],
    ['mixed.zip', ['inner.zip', 'x'], 'There is no "x" in inner.zip. Files in it: deep.md.'],
    ['mixed.zip', ['notes/long.csv', 'x'], 'notes/long.csv is no archive, so that it has no members.'],
    ['locked.zip', ['make.py'], 'make.py in locked.zip is locked with a password.'],
    ['notes.tar.gz', ['up'], '"up" in notes.tar is a link, which is not followed.'],
    ['report.docx', ['word/none.xml'], 'There is no "word/none.xml" in report.docx.'],
  ])('%s %j is a sentence', async (name, members, sentence) => {
    const reading = readDocument(fixture(name), { members });
    await expect(reading).rejects.toMatchObject({ name: 'ToolError', message: expect.stringContaining(sentence) });
  });

  test('names in GBK, and tar files with long names and links', async () => {
    expect((await read('gbk.zip')).text).toContain('- 灯塔.txt (8 bytes)\n\n# 灯塔.txt\n\ngbk name');
    const { text } = await read('notes.tar.gz');
    expect(text).toMatch(
      /^tar archive of 3 files, 14 bytes unpacked:\n\n- a b\.txt \(5 bytes\)\n- (long\/){40}潮汐\.txt/,
    );
    expect(text).toContain('- up (a link, which is not followed)');
    expect(text).toMatch(/潮汐\.txt\n\n四米八$/);
  });

  test('a compressed file is read as what it is', async () => {
    const { gzipSync } = await import('node:zlib');
    expect(await readDocument(gzipSync('a,b\n1,2\n'), { name: 'data.csv.gz' })).toEqual({
      kind: 'csv',
      text: 'a,b\n1,2\n',
    });
  });
});

test.each(['PNG', 'JPG', 'GIF', 'WebP', 'BMP', 'TIFF'])('a picture says its size: %s', async (format) => {
  const { kind, text } = await read(`picture.${format.toLowerCase()}`);
  expect({ kind, text }).toEqual({ kind: 'image', text: `${format.replace('JPG', 'JPEG')} image, 32 × 20 pixels.` });
});

test.each([
  ['scan.pdf', 'scan.pdf has no text on its 2 pages: probably scanned images.'],
  ['locked.pdf', 'locked.pdf is locked with a password.'],
  ['locked.docx', 'locked.docx is locked with a password.'],
  ['locked.xlsx', 'locked.xlsx is locked with a password.'],
])('%s says why it cannot be read', async (name, sentence) => {
  await expect(read(name)).rejects.toMatchObject({ name: 'ToolError', message: sentence });
});
