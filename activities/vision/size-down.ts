import sharp, { type Sharp } from 'sharp';
import type { ImageJob } from './image-job.ts';

/** Qualities tried one after another, until the picture is small enough. */
const QUALITIES = [88, 75, 60];
/** After them the sides are made this much shorter, and all is tried again. */
const SHRINK = 0.7;
/** Side below which a picture shows nothing. */
const LEAST_SIDE = 64;

// One picture at a time, none of them twice.
sharp.cache(false);
sharp.concurrency(1);

/** An image within the limits, as PNG or JPEG: lines and letters are kept as they are where there is room for it. */
export async function sizeDown(
  image: Sharp,
  lossless: boolean,
  { maxSide, maxBytes }: Pick<ImageJob, 'maxSide' | 'maxBytes'>,
) {
  for (let side = maxSide; side >= LEAST_SIDE; side = Math.floor(side * SHRINK)) {
    const sized = image.clone().resize(side, side, { fit: 'inside', withoutEnlargement: true });
    const tries = [
      ...(lossless && side === maxSide ? [{ type: 'image/png' as const, made: sized.clone().png() }] : []),
      ...QUALITIES.map((quality) => ({
        type: 'image/jpeg' as const,
        made: sized.clone().jpeg({ quality, chromaSubsampling: '4:4:4' }),
      })),
    ];
    for (const { type, made } of tries) {
      const { data, info } = await made.toBuffer({ resolveWithObject: true });
      if (data.length <= maxBytes) return { data, info, type };
    }
  }
  throw new Error('it cannot be made small enough');
}
