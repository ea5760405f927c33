import { buffer } from 'node:stream/consumers';
import sharp from 'sharp';
import type { GivenPicture, ImageAnswer, ImageJob } from './image-job.ts';
import { sizeDown } from './size-down.ts';

/** Dots per inch that a drawing without pixels is meant for, and the most that the library takes. */
const DRAWING_DPI = 72;
const MOST_DPI = 2_400;

async function picturesOf(bytes: Buffer, job: ImageJob): Promise<{ answer: ImageAnswer; parts: Buffer[] }> {
  const limit = { limitInputPixels: job.maxPixels, failOn: 'error', sequentialRead: true } as const;
  const { format, width, height, pages = 1, autoOrient } = await sharp(bytes, limit).metadata();
  // Pages of a TIFF are pages, and the first stands for them; those of the others are an animation.
  const frames = format === 'gif' || format === 'webp' ? pages : 1;
  const density = format === 'svg' ? { density: densityFor(Math.max(width, height), job.maxSide) } : {};
  const pictures: GivenPicture[] = [];
  const parts: Buffer[] = [];
  for (const frame of spread(frames, job.frames)) {
    // Rotated as its camera says, which is lost with everything else that a file says of itself.
    const image = sharp(bytes, { ...limit, ...density, ...(frames > 1 ? { page: frame } : {}) })
      .autoOrient()
      .flatten({ background: '#fff' });
    const { data, info, type } = await sizeDown(image, format !== 'jpeg' && format !== 'heif', job);
    pictures.push({ bytes: data.length, type, width: info.width, height: info.height, frame: frame + 1 });
    parts.push(data);
  }
  return { answer: { pictures, width: autoOrient.width, height: autoOrient.height, frames }, parts };
}

/** A drawing is drawn as large as it is to be shown, whatever size it claims. */
const densityFor = (side: number, maxSide: number): number =>
  Math.min(MOST_DPI, Math.max(1, (DRAWING_DPI * Math.min(maxSide, Math.max(side, 1024))) / side));

/** At most `wanted` of `count` pictures, evenly, the first among them. */
function spread(count: number, wanted: number): number[] {
  const shown = Math.min(count, wanted);
  return Array.from({ length: shown }, (_, index) => Math.floor((index * count) / shown));
}

/** The library's words for what a reader can understand. */
function reasonOf(message: string): string {
  if (/pixel limit/i.test(message)) return 'it has more pixels than are decoded here';
  if (/unsupported image format/i.test(message)) return 'it is in no format that is known here';
  if (/small enough/.test(message)) return message;
  return 'it is damaged, or no image';
}

const job = JSON.parse(process.argv[2] ?? '') as ImageJob;
const { answer, parts } = await picturesOf(await buffer(process.stdin), job).catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  if (/memory|allocat/i.test(message)) throw error;
  return { answer: { refused: reasonOf(message) } satisfies ImageAnswer, parts: [] };
});
process.stdout.write(Buffer.concat([Buffer.from(`${JSON.stringify(answer)}\n`), ...parts]));
