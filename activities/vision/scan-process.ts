import { buffer } from 'node:stream/consumers';
import sharp from 'sharp';
import { extractImages, getDocumentProxy } from 'unpdf';
import type { PageImage, ScanAnswer, ScanJob } from './scan-job.ts';
import { sizeDown } from './size-down.ts';

/** A page with more text than a stamp or a page number has been read already. In characters. */
const HAS_TEXT = 40;

/** A scan may come in strips; logos and ornaments beside it are much smaller. */
const WORTH_SHOWING = 0.2;
const MOST_STRIPS = 4;

/** A page's longest stretch of pages without scans that is looked through. */
const LOOKED_THROUGH = 200;

const job = JSON.parse(process.argv[2] ?? '') as ScanJob;
const pdf = await getDocumentProxy(new Uint8Array(await buffer(process.stdin)), { verbosity: 0 });
const answer: ScanAnswer = { pages: pdf.numPages, images: [] };
const parts: Buffer[] = [];
let found = 0;
for (let number = job.from; number <= Math.min(pdf.numPages, job.from + LOOKED_THROUGH); number += 1) {
  const images = await scansOf(number);
  if (images.length === 0) continue;
  if (found === job.count) {
    answer.next = number;
    break;
  }
  found += 1;
  for (const image of images) {
    const { data, type } = await sizeDown(image, false, job);
    answer.images.push({ page: number, bytes: data.length, type } satisfies PageImage);
    parts.push(data);
  }
}
process.stdout.write(Buffer.concat([Buffer.from(`${JSON.stringify(answer)}\n`), ...parts]));

/** The images that fill a page without text. */
async function scansOf(number: number) {
  const page = await pdf.getPage(number);
  const { items } = await page.getTextContent();
  const text = items.map((item) => ('str' in item ? item.str : '')).join('');
  const { rotate } = page;
  page.cleanup();
  if (text.replace(/\s/g, '').length > HAS_TEXT) return [];
  const images = await extractImages(pdf, number);
  const largest = Math.max(0, ...images.map(({ width, height }) => width * height));
  return images
    .filter(({ width, height }) => width * height >= largest * WORTH_SHOWING)
    .slice(0, MOST_STRIPS)
    .map(({ data, width, height, channels }) =>
      sharp(Buffer.from(data.buffer, data.byteOffset, data.byteLength), { raw: { width, height, channels } }).rotate(
        rotate,
      ),
    );
}
