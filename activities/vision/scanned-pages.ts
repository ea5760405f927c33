import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Media } from '../inference/media.ts';
import { limiter } from '../limiter.ts';
import { partsOf, runContainedNode } from './contained-node.ts';
import { ProgramFailure } from './contained-program.ts';
import type { ScanAnswer, ScanJob } from './scan-job.ts';
import type { VisionSettings } from './settings.ts';

/** Pages of a PDF that are images. */
export interface ScannedPages {
  /** Of the whole document. */
  pages: number;
  scans: { page: number; media: Media[] }[];
  /** The next scanned page behind these. */
  next?: number;
}

const PROGRAM = fileURLToPath(new URL(`./scan-process${extname(import.meta.url)}`, import.meta.url));

const LIMITS = { seconds: 60, memoryMb: 1536, outputBytes: 64 * 1024 * 1024 };

const inTurn = limiter(1);

/**
 * The scanned pages of a PDF from a page on, as images. Undefined where there are none, or the file cannot be taken
 * apart within limits of time and memory.
 */
export function scannedPages(
  bytes: Uint8Array,
  name: string,
  { maxSide, maxBytes, from, count }: Pick<VisionSettings, 'maxSide' | 'maxBytes'> & Pick<ScanJob, 'from' | 'count'>,
  signal: AbortSignal,
): Promise<ScannedPages | undefined> {
  return inTurn(async () => {
    const job: ScanJob = { from, count, maxSide, maxBytes };
    try {
      const { answer, bytes: rest } = await runContainedNode<ScanAnswer>(PROGRAM, job, bytes, LIMITS, signal);
      const { pages, images, next } = answer;
      if (images.length === 0) return undefined;
      const parts = partsOf(
        rest,
        images.map((image) => image.bytes),
      );
      const media = images.map(({ page, type }, index) => ({
        page,
        media: {
          kind: 'image',
          type,
          base64: parts[index]!.toString('base64'),
          label: `${name}, page ${page}:`,
        } as Media,
      }));
      const numbers = [...new Set(images.map(({ page }) => page))];
      const scans = numbers.map((page) => ({
        page,
        media: media.filter((image) => image.page === page).map((image) => image.media),
      }));
      return { pages, scans, ...(next === undefined ? {} : { next }) };
    } catch (error) {
      if (error instanceof ProgramFailure) return undefined;
      throw error;
    }
  });
}
