import { execFileSync } from 'node:child_process';
import { copyFile, link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unrecorded } from '../../activities/lookup/recorded.ts';
import { makeParseFileTool } from '../../activities/tools/parse-file.ts';
import { fileResult } from '../../activities/tools/results/file-results.ts';

const FIXTURES = new URL('../fixtures/corpus', import.meta.url).pathname;
const OFFICE = new URL('../fixtures/documents', import.meta.url).pathname;
const SECRET = 'the-secret-outside';
let base: string;
let workspace: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'parse-file-'));
  workspace = join(base, 'workspace');
  await mkdir(join(workspace, 'data'), { recursive: true });
  await copyFile(join(FIXTURES, 'mole-repair.pdf'), join(workspace, 'mole.pdf'));
  await copyFile(join(FIXTURES, 'notes/tide tables (spring).csv'), join(workspace, 'data/tides.csv'));
  await writeFile(join(workspace, 'long.txt'), Array.from({ length: 3000 }, (_, i) => `line number ${i}\n`).join(''));
  await writeFile(join(workspace, 'empty.md'), '');
  await writeFile(join(workspace, 'a#b.txt'), 'a name with a mark');
  await writeFile(join(base, 'secret.txt'), SECRET);
  await symlink(join(base, 'secret.txt'), join(workspace, 'link.txt'));
  await symlink(base, join(workspace, 'up'));
  await symlink('data/tides.csv', join(workspace, 'tides-link.csv'));
  await link(join(workspace, 'data/tides.csv'), join(workspace, 'tides-hard.csv'));
  execFileSync('mkfifo', [join(workspace, 'pipe.txt')]);
});

afterAll(() => rm(base, { recursive: true }));

const parse = (...files: string[]) =>
  makeParseFileTool().run(
    { files },
    { callId: 'r1c1', recorded: unrecorded, signal: new AbortController().signal, workspace },
  );

describe('files of the workspace', () => {
  test('a table, to the byte', async () => {
    const { text, sources } = await parse('data/tides.csv');
    expect(text).toBe(
      'Content of data/tides.csv (CSV table, 115 characters):\n\n' +
        'day,high water,low water,height m\n2025-03-01,03:12,09:20,4.8\n2025-03-02,03:58,10:05,5.0\n2025-03-03,04:41,10:49,5.1',
    );
    expect(sources).toEqual([{ url: 'data/tides.csv' }]);
  });

  test('a PDF with its title and marks for its pages', async () => {
    const { text, sources } = await parse('./mole.pdf');
    expect(text).toMatch(
      /^Content of \.\/mole\.pdf \("Repair of the north mole", PDF document, 3 pages, [\d,]+ characters\):\n\n--- page 1 ---\n\nRepair/,
    );
    expect(text).toMatch(/\n\n--- page 2 ---\n\nStage two[\s\S]*\n\n--- page 3 ---\n\n中文摘要/);
    expect(sources).toEqual([{ url: './mole.pdf', title: 'Repair of the north mole' }]);
  });

  test.each(['tides-link.csv', 'tides-hard.csv'])('%s leads to a file of the workspace', async (file) => {
    expect((await parse(file)).text).toContain('2025-03-01,03:12');
  });

  test('an empty file says so', async () => {
    expect((await parse('empty.md')).text).toBe(
      'Content of empty.md (Markdown document, 0 characters):\n\n(The file is empty.)',
    );
  });

  test('several are told apart, and one that fails does not spoil the others', async () => {
    const { text, sources } = await parse('data/tides.csv', 'gone.csv', 'a#b.txt');
    const blocks = text.split('\n\n-------\n\n');
    expect(blocks).toHaveLength(3);
    expect(blocks[1]).toMatch(/^There is no file "gone\.csv" in the working directory\./);
    expect(blocks[2]).toContain('a name with a mark');
    expect(sources?.map(({ url }) => url)).toEqual(['data/tides.csv', 'a#b.txt']);
  });
});

describe('long files come in parts', () => {
  test('the first says how to get the next, and together they are the file', async () => {
    let next: string | undefined = 'long.txt';
    let whole = '';
    for (let part = 1; next; part++) {
      const { text } = await parse(next);
      const [, number, body, following] =
        /^Content of long\.txt \(plain text file, [\d,]+ characters in 3 parts\), part (\d) of 3:\n\n([\s\S]*?)(?:\n\n\[To read on: (.+)\])?$/.exec(
          text,
        )!;
      expect(Number(number)).toBe(part);
      whole += `${body}\n`;
      next = following;
    }
    expect(whole).toBe(Array.from({ length: 3000 }, (_, i) => `line number ${i}\n`).join(''));
  });

  test('a page of a PDF is found in the part where it stands', () => {
    const pages = Array.from({ length: 30 }, (_, i) => `Page text ${i + 1}. ${'words '.repeat(400)}`);
    const document = { kind: 'pdf' as const, text: pages.join('\n\f\n') };
    const shown = fileResult('a.pdf', document, { unit: 'page', number: 17 })!;
    expect(shown).toMatch(
      /30 pages, [\d,]+ characters in 4 parts\), part 3 of 4:\n\n--- page 17 ---\n\nPage text 17\. words/,
    );
    expect(fileResult('a.pdf', document, { unit: 'page', number: 31 })).toBeUndefined();
  });

  test('slides and sheets are found by number or name, and columns keep their names', () => {
    const slides = Array.from({ length: 30 }, (_, i) => `## Slide ${i + 1}: On ${i}\n\n${'words '.repeat(400)}`);
    const deck = { kind: 'presentation' as const, text: slides.join('\n\n') };
    expect(fileResult('a.pptx', deck, { unit: 'page', number: 17 })).toMatch(
      /30 slides, [\d,]+ characters in 4 parts\), part 3 of 4:\n\n## Slide 17: On 16\n/,
    );
    const rows = Array.from({ length: 3000 }, (_, i) => `| ${i} | value ${i} |`).join('\n');
    const sheet = (title: string) => `${title}\n\n| No | Value |\n| --- | --- |\n${rows}`;
    const text = [sheet('## Sheet 1: Wide'), sheet('## Sheet 2: 数据 (hidden)')].join('\n\n');
    const book = { kind: 'spreadsheet' as const, text };
    const second = fileResult('b.xlsx', book, { unit: 'part', number: 2 })!;
    expect(second).toMatch(
      /^Content of b\.xlsx \(spreadsheet, 2 sheets \(Wide, 数据 \(hidden\)\), [\d,]+ characters in \d+ parts\), part 2 of \d+:\n\n\[Columns: \| No \| Value \|\]\n\n\| \d+ \| value/,
    );
    expect(second).toMatch(/\[To read on: b\.xlsx#part=3; a sheet by its number or name: #sheet=2\]$/);
    for (const number of [2, '数据']) {
      expect(fileResult('b.xlsx', book, { unit: 'sheet', number })).toContain('## Sheet 2: 数据 (hidden)\n\n| No |');
    }
    expect(fileResult('b.xlsx', book, { unit: 'sheet', number: 'None' })).toBeUndefined();
  });

  test('members of archives, and sheets in those', async () => {
    await copyFile(join(OFFICE, 'mixed.zip'), join(workspace, 'mixed.zip'));
    expect((await parse('mixed.zip')).text).toMatch(
      /^Content of mixed\.zip \(archive, [\d,]+ characters in 2 parts\), part 1 of 2:[\s\S]*\[To read on: mixed\.zip#part=2; To read one of its files: mixed\.zip#member=NAME\]$/,
    );
    const { text, sources } = await parse('mixed.zip#member=notes/long.csv#part=2');
    expect(text).toMatch(
      /^Content of mixed\.zip#member=notes\/long\.csv \(CSV table, .*part 2 of 2:\n\n\[Columns: day,height\]\n\n/,
    );
    expect(sources).toEqual([{ url: 'mixed.zip#member=notes/long.csv' }]);
    expect((await parse('mixed.zip#member=tables/sales.xlsx#sheet=密钥')).text).toContain('## Sheet 2: 密钥 (hidden)');
    await expect(parse('mixed.zip#member=tables/sales.xlsx#sheet=9')).rejects.toThrow(
      'sales.xlsx has no sheet 9; it has 3 sheets',
    );
  });

  test.each(['long.txt#part=4', 'long.txt#part=0', 'long.txt#page=99'])('%s is a sentence', async (file) => {
    await expect(parse(file)).rejects.toThrow(
      /^long\.txt has no (part|page) \d+; it has [\d,]+ characters in 3 parts\.$/,
    );
  });
});

describe('what cannot be read is a sentence that shows nothing of the machine', () => {
  test.each<[string, RegExp]>([
    ['/etc/passwd', /is absolute/],
    ['../secret.txt', /contains "\.\."/],
    ['data/../../secret.txt', /contains "\.\."/],
    ['..\\secret.txt', /contains "\.\."/],
    ['link.txt', /is a link that leads out/],
    ['up/secret.txt', /is a link that leads out/],
    ['pipe.txt', /is neither a file nor a folder/],
    ['long.txt\0.md', /contains a NUL character/],
    ['x'.repeat(300), /is too long/],
    ['https://x.example/a.pdf', /this worker opens no addresses/],
    ['file:///etc/passwd', /opens no addresses/],
    ['data', /^"data" is a folder; name a file\. Files in it: tides\.csv\.$/],
    ['data/tide.csv', /^There is no file "data\/tide\.csv" in the working directory\. Like it: data\/tides\.csv/],
    ['data/tides.csv/x', /not a folder/],
  ])('%.40j', async (file, sentence) => {
    const error = await parse(file).catch((error) => error);
    expect(error.name).toBe('ToolError');
    expect(error.message).toMatch(sentence);
    expect(error.message).not.toContain(SECRET);
    expect(error.message).not.toContain(base);
  });
});

test('arguments are normalised, and errors name the argument', () => {
  const { arguments: schema } = makeParseFileTool();
  expect(schema.parse({ files: 'a.txt' })).toEqual({ files: ['a.txt'] });
  expect(schema.parse({ files: '["a.txt", "b.txt"]' })).toEqual({ files: ['a.txt', 'b.txt'] });
  expect(schema.safeParse({}).error?.issues[0]?.message).toMatch(/^"files" must be a path relative to the working/);
});
