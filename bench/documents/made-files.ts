import { deflateSync } from 'node:zlib';
import { utils, write } from '@e965/xlsx';

const WORDS = 'lamp oil harbour keeper night tide glass wick signal storm mole quay pilot chart depth'.split(' ');

/** Words that are the same in every run. */
const sentence = (seed: number, words: number): string =>
  Array.from({ length: words }, (_, i) => WORDS[(seed * 7 + i * i + i * 3) % WORDS.length]).join(' ');

/** A PDF of pages with 40 lines of text and a table of ten rows and four columns, packed as printers do. */
export function makePdf(pages: number): Buffer {
  const kids = Array.from({ length: pages }, (_, i) => `${i * 2 + 4} 0 R`).join(' ');
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids}] /Count ${pages} >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  for (let page = 0; page < pages; page++) {
    const packed = deflateSync(pageContent(page)).toString('latin1');
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${page * 2 + 5} 0 R /Resources << /Font << /F 3 0 R >> >> >>`,
      `<< /Length ${packed.length} /Filter /FlateDecode >>\nstream\n${packed}\nendstream`,
    );
  }
  const places: number[] = [];
  let at = parts[0]!.length;
  for (const [i, object] of objects.entries()) {
    const bytes = Buffer.from(`${i + 1} 0 obj\n${object}\nendobj\n`, 'latin1');
    places.push(at);
    at += bytes.length;
    parts.push(bytes);
  }
  const table = places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  const end = `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF`;
  return Buffer.concat([...parts, Buffer.from(end, 'latin1')]);
}

function pageContent(page: number): string {
  const line = (x: number, y: number, text: string) => `1 0 0 1 ${x} ${y} Tm (${text}) Tj`;
  const lines = Array.from({ length: 40 }, (_, i) => line(50, 800 - i * 14, sentence(page * 41 + i, 14)));
  const rows = Array.from({ length: 10 }, (_, row) =>
    [0, 1, 2, 3].map((column) => line(50 + column * 120, 220 - row * 14, `${WORDS[row]} ${page * row + column}`)),
  );
  return `BT /F 10 Tf ${[...lines, ...rows.flat()].join(' ')} ET`;
}

/** An XLSX of ten columns: numbers, texts, days and shares. */
export function makeSheet(rows: number): Buffer {
  const head = ['id', 'name', 'day', 'amount', 'share', 'place', 'note', 'a', 'b', 'c'];
  const body = Array.from({ length: rows }, (_, i) => [
    i,
    `name ${i}`,
    { t: 'n', v: 43_831 + (i % 1000), z: 'yyyy-mm-dd' },
    i * 1.25,
    { t: 'n', v: (i % 97) / 97, z: '0.0%' },
    WORDS[i % WORDS.length],
    sentence(i % 500, 4),
    i % 7,
    i % 11,
    i % 13,
  ]);
  const book = utils.book_new();
  utils.book_append_sheet(book, utils.aoa_to_sheet([head, ...body], { dense: true }), 'Data');
  return write(book, { type: 'buffer', bookType: 'xlsx', compression: true });
}
