import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ContainedReader, containedReader } from '../../activities/documents/contained-reader.ts';
import { makeZip } from '../support/make-zip.ts';

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/documents/${name}`, import.meta.url));
const half = (name: string): Buffer => {
  const bytes = fixture(name);
  return bytes.subarray(0, Math.floor(bytes.length / 2));
};

const SECONDS = 25;
const LIMITS = { timeMs: SECONDS * 1000, memoryMb: 256, totalMb: 512, processes: 1 };

let reader: ContainedReader;
beforeAll(() => {
  reader = containedReader(LIMITS);
});
afterAll(() => reader.close());

/** What comes of a file: its text, or the sentence that stands for it. Anything else fails. */
async function outcome(bytes: Uint8Array, name: string, members: string[] = []): Promise<string> {
  const startedAt = performance.now();
  const memory = process.memoryUsage.rss();
  let text: string;
  try {
    ({ text } = await reader.read(bytes, { name, members }));
  } catch (error) {
    expect(error).toMatchObject({ name: 'ToolError' });
    text = (error as Error).message;
    // One sentence, which names the file and shows nothing of the machine.
    expect(text).toMatch(/^[^\n]{10,400}\.$/);
    expect(text).not.toMatch(/ at |node_modules|\/tmp\//);
  }
  expect(performance.now() - startedAt).toBeLessThan(SECONDS * 2000);
  expect(process.memoryUsage.rss() - memory).toBeLessThan(400 * 1024 * 1024);
  expect(text).not.toMatch(/root:[x*]:0:0/);
  return text;
}

const XML = '<?xml version="1.0"?>';
const XXE = '<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd"><!ENTITY web SYSTEM "http://127.0.0.1:1/x">]>';
const LAUGHS = `<!DOCTYPE x [<!ENTITY a0 "lol">${Array.from({ length: 12 }, (_, i) => `<!ENTITY a${i + 1} "${`&a${i};`.repeat(10)}">`).join('')}]>`;
const W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
const S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
const REL = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const OPEN =
  'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"';

const rels = (targets: Record<string, [type: string, target: string]>): string =>
  `${XML}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${Object.entries(targets)
    .map(([id, [type, target]]) => `<Relationship Id="${id}" Type="${REL}/${type}" Target="${target}"/>`)
    .join('')}</Relationships>`;

const docx = (document: string | Uint8Array, more: Parameters<typeof makeZip>[0] = [], claims?: number): Buffer =>
  makeZip([
    {
      name: '[Content_Types].xml',
      content: `${XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>`,
    },
    { name: '_rels/.rels', content: rels({ r: ['officeDocument', 'word/document.xml'] }) },
    { name: 'word/document.xml', content: document, claims },
    ...more,
  ]);
const paragraphs = (body: string, head = ''): string =>
  `${XML}${head}<w:document ${W}><w:body>${body}</w:body></w:document>`;
const paragraph = (text: string): string => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`;

const xlsx = (sheet: string | Uint8Array, more: Parameters<typeof makeZip>[0] = [], claims?: number): Buffer =>
  makeZip([
    {
      name: '[Content_Types].xml',
      content: `${XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`,
    },
    { name: '_rels/.rels', content: rels({ r: ['officeDocument', 'xl/workbook.xml'] }) },
    {
      name: 'xl/workbook.xml',
      content: `${XML}<workbook ${S} xmlns:r="${REL}"><sheets><sheet name="One" sheetId="1" r:id="r1"/></sheets></workbook>`,
    },
    { name: 'xl/_rels/workbook.xml.rels', content: rels({ r1: ['worksheet', 'worksheets/sheet1.xml'] }) },
    { name: 'xl/worksheets/sheet1.xml', content: sheet, claims },
    ...more,
  ]);
const cells = (data: string, after = '', before = ''): string =>
  `${XML}<worksheet ${S}>${before}<sheetData>${data}</sheetData>${after}</worksheet>`;
const cell = (at: string, value: string): string => `<c r="${at}" t="inlineStr"><is><t>${value}</t></is></c>`;

const open = (type: string, content: string): Buffer =>
  makeZip([
    { name: 'mimetype', content: `application/vnd.oasis.opendocument.${type}`, method: 0 },
    { name: 'content.xml', content },
  ]);

/** A PDF from its objects; object 1 is the catalogue. */
function pdf(objects: string[], trailer = ''): Buffer {
  let text = '%PDF-1.7\n';
  const places = objects.map((object, i) => {
    const at = text.length;
    text += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const start = text.length;
  const lines = places.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('');
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${lines}`;
  text += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${trailer.replace('START', String(start))} >>\nstartxref\n${start}\n%%EOF`;
  return Buffer.from(text, 'latin1');
}
const stream = (content: string, more = ''): string =>
  `<< /Length ${content.length} ${more} >>\nstream\n${content}\nendstream`;
const FONT = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>';

describe('damaged', () => {
  test.each([
    ...['report.docx', 'sales.xlsx', 'lamps.pptx', 'report.odt', 'sales.ods', 'lamps.odp', 'report.epub', 'mixed.zip'],
    ...['report.doc', 'sales.xls', 'report.pdf', 'notes.tar.gz', 'locked.docx'],
  ])('the first half of %s', async (name) => {
    expect(await outcome(half(name), name)).toContain(name.replace(/\.gz$/, ''));
  });

  test('the first half of an RTF is what it has', async () => {
    expect(await outcome(half('report.rtf'), 'report.rtf')).not.toContain('\\');
  });

  test.each(['png', 'jpg', 'gif', 'webp', 'bmp', 'tiff'])('the first bytes of a %s', async (ending) => {
    expect(await outcome(fixture(`picture.${ending}`).subarray(0, 12), `a.${ending}`)).toMatch(/image/);
  });

  test('a file whose middle is noise', async () => {
    for (const name of [
      'report.docx',
      'sales.xlsx',
      'sales.xls',
      'report.doc',
      'lamps.pptx',
      'report.odt',
      'report.pdf',
    ]) {
      const bytes = Buffer.from(fixture(name));
      for (let i = 600; i < bytes.length - 600; i += 7) bytes[i] = (bytes[i]! * 31 + i) & 0xff;
      await outcome(bytes, name);
    }
  });
});

describe('what its name does not tell', () => {
  test.each([
    ['a PDF as DOCX', fixture('report.pdf'), 'a.docx', /Harbour report 2024/],
    ['a picture as XLSX', fixture('picture.png'), 'a.xlsx', /^PNG image, 32 × 20 pixels\.$/],
    ['a text as PDF', Buffer.from('no PDF at all'), 'a.pdf', /^no PDF at all$/],
    ['HTML as XLS', Buffer.from('<html><table><tr><td>1</td><td>2</td></tr></table></html>'), 'a.xls', /1/],
    ['RTF as DOC', fixture('report.rtf'), 'a.doc', /^# Harbour report 2024/],
    ['a ZIP file of nothing as PPTX', makeZip([]), 'a.pptx', /^ZIP archive of 0 files/],
    ['a program', Buffer.from('\x7fELF\x02\x01\x01\0\0\0', 'latin1'), 'a.txt', /^a\.txt is a program/],
  ])('%s', async (_name, bytes, name, expected) => {
    expect(await outcome(bytes, name)).toMatch(expected);
  });

  test('macros are not run and do not keep a workbook from being read', async () => {
    const sheet = cells(`<row r="1">${cell('A1', 'lamps')}</row>`);
    expect(
      await outcome(xlsx(sheet, [{ name: 'xl/vbaProject.bin', content: '\xd0\xcf\x11\xe0' }]), 'a.xlsm'),
    ).toContain('lamps');
  });

  test.each(['locked.docx', 'locked.xlsx', 'locked.pdf'])('%s is locked', async (name) => {
    expect(await outcome(fixture(name), name)).toBe(`${name} is locked with a password.`);
  });

  test('a DOC that is locked', async () => {
    const bytes = Buffer.from(fixture('report.doc'));
    const word = bytes.indexOf(Buffer.from([0xec, 0xa5]));
    bytes[word + 11]! |= 1;
    expect(await outcome(bytes, 'a.doc')).toBe('a.doc is locked with a password.');
  });
});

describe('bombs', () => {
  const zeros = Buffer.alloc(600 * 1024 * 1024, 0x20);
  const TOO_MUCH = /unpacks to more than 512\.0 MB|takes more than \d+ MB of memory|is damaged|\(no cells\)/;

  test.each([
    ['a document', () => docx(zeros), 'a.docx'],
    ['a sheet', () => xlsx(zeros), 'a.xlsx'],
    ['a document that lies about its size', () => docx(zeros, [], 100), 'a.docx'],
    ['a sheet that lies about its size', () => xlsx(zeros, [], 100), 'a.xlsx'],
  ])('%s', async (_name, make, name) => {
    expect(await outcome(make(), name)).toMatch(TOO_MUCH);
  });

  test('a member, an honest one and one that lies', async () => {
    expect(await outcome(makeZip([{ name: 'a', content: zeros }]), 'a.zip', ['a'])).toMatch(
      /^a has 600\.0 MB unpacked, more than/,
    );
    expect(await outcome(makeZip([{ name: 'a', content: zeros, claims: 5 }]), 'a.zip', ['a'])).toMatch(
      /^a in a\.zip is damaged/,
    );
  });

  test('a thousand members that share one content', async () => {
    const first = { name: '0', content: zeros.subarray(0, 40 * 1024 * 1024) };
    const shared = Array.from({ length: 1000 }, (_, i) => ({ name: `${i + 1}`, isShared: true }));
    expect(await outcome(makeZip([first, ...shared]), 'a.zip')).toMatch(
      /^(ZIP archive of 1,001 files, 4\d{4}\.\d MB|a\.zip )/,
    );
  });

  test('gzip', async () => {
    expect(await outcome(gzipSync(zeros), 'a.gz')).toBe('a.gz unpacks to more than the 50.0 MB that can be read.');
  });

  test('archives in archives', async () => {
    let zip = makeZip([{ name: 'x', content: 'deep' }]);
    for (let i = 0; i < 9; i++) zip = makeZip([{ name: 'x', content: zip }]);
    expect(await outcome(zip, 'a.zip')).toMatch(/^ZIP archive of 1 file/);
    expect(await outcome(zip, 'a.zip', Array(10).fill('x'))).toBe('x lies in more than 5 archives.');
    let gz = gzipSync('deep');
    for (let i = 0; i < 9; i++) gz = gzipSync(gz);
    expect(await outcome(gz, 'a.gz')).toMatch(/lies in more than 5 archives\.$/);
  });

  test('a hundred thousand members', async () => {
    const members = Array.from({ length: 60_000 }, (_, i) => ({ name: `folder/${i}`, content: '', method: 0 }));
    const text = await outcome(makeZip(members), 'a.zip');
    expect(text).toMatch(/^ZIP archive of more than 20,000 files/);
    expect(text.length).toBeLessThan(200_000);
  });
});

describe('XML', () => {
  test.each([
    ['DOCX', docx(paragraphs(paragraph('before &file;&web; after'), XXE)), 'a.docx'],
    [
      'ODT',
      open(
        'text',
        `${XML}${XXE}<office:document-content ${OPEN}><office:body><office:text><text:p>before &file; after</text:p></office:text></office:body></office:document-content>`,
      ),
      'a.odt',
    ],
    [
      'XLSX',
      xlsx(
        `${XML}${XXE}<worksheet ${S}><sheetData><row r="1">${cell('A1', 'before &file; after')}</row></sheetData></worksheet>`,
      ),
      'a.xlsx',
    ],
  ])('entities that name files in %s are not read', async (_name, bytes, name) => {
    expect(await outcome(bytes, name)).toMatch(/before|damaged/);
  });

  test.each([
    ['DOCX', docx(paragraphs(paragraph('&a12;'), LAUGHS)), 'a.docx'],
    [
      'ODT',
      open(
        'text',
        `${XML}${LAUGHS}<office:document-content ${OPEN}><office:body><office:text><text:p>&a12;</text:p></office:text></office:body></office:document-content>`,
      ),
      'a.odt',
    ],
    [
      'XLSX',
      xlsx(`${XML}${LAUGHS}<worksheet ${S}><sheetData><row r="1">${cell('A1', '&a12;')}</row></sheetData></worksheet>`),
      'a.xlsx',
    ],
  ])('a billion laughs in %s', async (_name, bytes, name) => {
    expect((await outcome(bytes, name)).length).toBeLessThan(10_000);
  });

  test.each([
    [
      'DOCX',
      docx(paragraphs(`${'<w:tbl><w:tr><w:tc>'.repeat(20_000)}x${'</w:tc></w:tr></w:tbl>'.repeat(20_000)}`)),
      'a.docx',
    ],
    [
      'ODT',
      open(
        'text',
        `${XML}<office:document-content ${OPEN}><office:body><office:text>${'<text:section>'.repeat(100_000)}x${'</text:section>'.repeat(100_000)}</office:text></office:body></office:document-content>`,
      ),
      'a.odt',
    ],
  ])('elements without end in %s', async (_name, bytes, name) => {
    await outcome(bytes, name);
  });
});

describe('names in archives', () => {
  const HOSTILE = [
    '../../etc/passwd',
    '/etc/passwd',
    'C:\\Windows\\x',
    '..\\..\\x',
    'a/../../x',
    '~/x',
    'nul\0.txt',
    `${'n'.repeat(5000)}`,
    'e\u202etxt.exe',
    'line\nbreak',
  ];
  const zip = makeZip(HOSTILE.map((name) => ({ name, content: `content of ${name.length}` })));

  test('are listed on a line each, with a warning where they lead out', async () => {
    const text = await outcome(zip, 'a.zip');
    const lines = text.split('\n').filter((line) => line.startsWith('- '));
    expect(lines).toHaveLength(HOSTILE.length);
    expect(lines.filter((line) => line.includes('would lead out of a folder'))).toHaveLength(7);
    expect(text).not.toMatch(/[\0\u202e]/);
  });

  test('stand for members and for nothing of the machine', async () => {
    expect(await outcome(zip, 'a.zip', ['../../etc/passwd'])).toBe('content of 16');
    expect(await outcome(zip, 'a.zip', ['/etc/hostname'])).toMatch(/^There is no "\/etc\/hostname" in a\.zip\./);
  });

  test('links and locked members', async () => {
    const links = makeZip([
      { name: 'link', content: '/etc/passwd', isLink: true },
      { name: 'locked', content: 'x', isEncrypted: true },
      { name: 'odd', content: 'x', method: 99 },
    ]);
    expect(await outcome(links, 'a.zip')).toContain(
      '- link (a link, which is not followed)\n- locked (1 bytes; locked with a password)',
    );
    expect(await outcome(links, 'a.zip', ['link'])).toBe('"link" in a.zip is a link, which is not followed.');
    expect(await outcome(links, 'a.zip', ['locked'])).toBe('locked in a.zip is locked with a password.');
    expect(await outcome(links, 'a.zip', ['odd'])).toMatch(/^odd in a\.zip is damaged or packed in a way/);
  });
});

describe('sheets without end', () => {
  test('16,384 columns', async () => {
    const row = (r: number) =>
      `<row r="${r}">${Array.from({ length: 16_384 }, () => `<c><v>${r}</v></c>`).join('')}</row>`;
    expect(await outcome(xlsx(cells(row(1) + row(2))), 'a.xlsx')).toMatch(/^## Sheet 1: One\n\n(\| 1 ){16384}/);
  });

  test.each([
    ['a size that is a lie', cells(`<row r="1">${cell('A1', 'a')}</row>`, '', '<dimension ref="A1:XFD1048576"/>')],
    [
      'cells in opposite corners',
      cells(`<row r="1">${cell('A1', 'a')}</row><row r="1048576">${cell('XFD1048576', 'z')}</row>`),
    ],
    [
      'all merged',
      cells(`<row r="1">${cell('A1', 'a')}</row>`, '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'),
    ],
    [
      'merged a hundred thousand times',
      cells(
        `<row r="1">${cell('A1', 'a')}</row>`,
        `<mergeCells>${'<mergeCell ref="A1:XFD1048576"/>'.repeat(100_000)}</mergeCells>`,
      ),
    ],
  ])('%s', async (_name, sheet) => {
    const text = await outcome(xlsx(sheet), 'a.xlsx');
    expect(text).toContain('a');
    expect(text.length).toBeLessThan(1000);
  });

  test('cells of ODS that are repeated without end', async () => {
    const body = `<table:table table:name="One"><table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384"><text:p>a</text:p></table:table-cell></table:table-row></table:table>`;
    await outcome(
      open(
        'spreadsheet',
        `${XML}<office:document-content ${OPEN}><office:body><office:spreadsheet>${body}</office:spreadsheet></office:body></office:document-content>`,
      ),
      'a.ods',
    );
  });
});

describe('PDF', () => {
  const page = (contents: string, more = '') =>
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents ${contents} /Resources << /Font << /F 5 0 R >> ${more} >> >>`;

  test.each([
    [
      'pages that are their own children',
      pdf(['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [2 0 R] /Count 5 >>']),
    ],
    [
      'ten million pages',
      pdf([
        '<< /Type /Catalog /Pages 2 0 R >>',
        '<< /Type /Pages /Kids [3 0 R] /Count 10000000 >>',
        page('4 0 R'),
        stream('BT /F 12 Tf (only one) Tj ET'),
        FONT,
      ]),
    ],
    [
      'a table that refers to itself',
      pdf(
        [
          '<< /Type /Catalog /Pages 2 0 R >>',
          '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
          page('4 0 R'),
          stream('BT /F 12 Tf (looped) Tj ET'),
          FONT,
        ],
        '/Prev START',
      ),
    ],
    [
      'a drawing that draws itself',
      pdf([
        '<< /Type /Catalog /Pages 2 0 R >>',
        '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
        page('4 0 R', '/XObject << /X 6 0 R >>'),
        stream('BT /F 12 Tf (drawn) Tj ET /X Do'),
        FONT,
        stream('/X Do /X Do', '/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>'),
      ]),
    ],
    [
      'a length that is itself',
      pdf([
        '<< /Type /Catalog /Pages 2 0 R >>',
        '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
        page('4 0 R'),
        '<< /Length 4 0 R >>\nstream\nBT ET\nendstream',
        FONT,
      ]),
    ],
    [
      'text without end',
      pdf([
        '<< /Type /Catalog /Pages 2 0 R >>',
        '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
        page('4 0 R'),
        stream(`BT /F 12 Tf ${'(word) Tj 5 0 Td '.repeat(400_000)} ET`),
        FONT,
      ]),
    ],
  ])('%s', async (_name, bytes) => {
    await outcome(bytes, 'a.pdf');
  });
});

describe('other formats', () => {
  test('a picture of four billion pixels has a size and no more', async () => {
    const png = Buffer.from(fixture('picture.png'));
    png.writeUInt32BE(65_535, 16);
    png.writeUInt32BE(65_535, 20);
    expect(await outcome(png, 'a.png')).toBe('PNG image, 65535 × 65535 pixels.');
  });

  test.each([
    ['brackets', `{\\rtf1 ${'{'.repeat(500_000)}x`],
    ['bytes that are not there', '{\\rtf1 before \\bin2000000000 after}'],
    ['negative numbers', '{\\rtf1\\ansi\\uc-5 a\\u-99999999999 b\\fcharset-1\\f-1 c}'],
  ])('RTF with %s', async (_name, rtf) => {
    await outcome(Buffer.from(rtf), 'a.rtf');
  });

  test('a container from before 2007 whose sectors go in circles', async () => {
    const bytes = Buffer.from(fixture('sales.xls'));
    for (let i = 512; i + 4 <= 2048; i += 4) bytes.writeInt32LE(0, i);
    await outcome(bytes, 'a.xls');
  });

  test('a book whose contents lead out of it', async () => {
    const book = makeZip([
      { name: 'mimetype', content: 'application/epub+zip', method: 0 },
      {
        name: 'META-INF/container.xml',
        content: `${XML}<container><rootfiles><rootfile full-path="../../../etc/passwd"/></rootfiles></container>`,
      },
    ]);
    expect(await outcome(book, 'a.epub')).toBe('');
  });

  test('a presentation whose slides are missing, and one that shows itself', async () => {
    const names = 'xmlns:p="p" xmlns:r="r"';
    const deck = makeZip([
      {
        name: 'ppt/presentation.xml',
        content: `${XML}<p:presentation ${names}><p:sldIdLst><p:sldId r:id="a"/><p:sldId r:id="b"/></p:sldIdLst></p:presentation>`,
      },
      {
        name: 'ppt/_rels/presentation.xml.rels',
        content: rels({ a: ['slide', '../../etc/passwd'], b: ['slide', 'presentation.xml'] }),
      },
    ]);
    expect(await outcome(deck, 'a.pptx')).toBe('## Slide 1');
  });

  test('a tar file with a size that is none, and one that is larger than the file', async () => {
    const header = (size: string) => {
      const block = Buffer.alloc(1024);
      block.write('a.txt', 0);
      block.write(size, 124);
      block.write('0ustar\0', 156);
      block.write('ustar\0', 257);
      return block;
    };
    for (const size of ['99999999999', '-7777777777', 'zzz']) {
      expect(await outcome(header(size), 'a.tar')).toMatch(
        /^a\.tar is a damaged or incomplete tar archive|^tar archive/,
      );
    }
  });
});

test('afterwards the reader still reads', async () => {
  expect(await outcome(fixture('report.docx'), 'report.docx')).toMatch(/^# Harbour report 2024/);
});
