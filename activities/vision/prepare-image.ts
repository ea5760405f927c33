import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Media } from '../inference/media.ts';
import { limiter } from '../limiter.ts';
import { ToolError } from '../tools/tool.ts';
import { partsOf, runContainedNode } from './contained-node.ts';
import { type ProgramLimits, runContained } from './contained-program.ts';
import { ffmpeg } from './ffmpeg.ts';
import { type ImageFormat, imageFormat, otherFormat } from './file-format.ts';
import type { ImageAnswer, ImageJob } from './image-job.ts';
import { toldOfFile } from './media-failure.ts';
import type { VisionSettings } from './settings.ts';

/** An image as a model gets it: one picture, of an animation several. */
export interface PreparedImage {
  media: Media[];
  /** As it was, in pixels, and as it is shown. */
  width: number;
  height: number;
  shownWidth: number;
  shownHeight: number;
}

const PROGRAM = fileURLToPath(new URL(`./image-process${extname(import.meta.url)}`, import.meta.url));

/** A 200-megapixel photograph takes 2 s and 200 MB; what claims more is a bomb, or a scan to be cut by code. */
const MOST_PIXELS = 250_000_000;
const LIMITS: Omit<ProgramLimits, 'outputBytes'> = { seconds: 30, memoryMb: 1024 };

/** Pictures of an animation. */
const ANIMATION_FRAMES = 4;

/** Images in work at once; each may take a gigabyte. */
const inTurn = limiter(2);

/** Formats that only ffmpeg reads, with its names for them. */
const BY_FFMPEG: Partial<Record<ImageFormat, string>> = { bmp: 'bmp_pipe', jp2: 'j2k_pipe' };

/**
 * Decodes an image of unknown origin in a process of its own and gives it as small as a model needs it.
 *
 * @param name what error sentences call it
 * @throws ToolError with one sentence where it cannot be shown
 */
export function prepareImage(
  bytes: Uint8Array,
  name: string,
  { maxSide, maxBytes }: Pick<VisionSettings, 'maxSide' | 'maxBytes'>,
  signal: AbortSignal,
): Promise<PreparedImage> {
  return inTurn(async () => {
    const readable = await inKnownFormat(bytes, name, signal);
    const job: ImageJob = { maxSide, maxBytes, maxPixels: MOST_PIXELS, frames: ANIMATION_FRAMES };
    const { answer, parts } = await sizedDown(readable, job, name, signal);
    if ('refused' in answer) throw new ToolError(`${name} cannot be shown: ${answer.refused}.`);
    const media = answer.pictures.map(({ type, frame }, index): Media => {
      const which = answer.frames > 1 ? `, picture ${frame} of ${answer.frames} of the animation` : '';
      return { kind: 'image', type, base64: parts[index]!.toString('base64'), label: `${name}${which}:` };
    });
    const [first] = answer.pictures;
    const { width, height } = answer;
    return { media, width, height, shownWidth: first?.width ?? 0, shownHeight: first?.height ?? 0 };
  });
}

async function inKnownFormat(bytes: Uint8Array, name: string, signal: AbortSignal): Promise<Uint8Array> {
  const format = imageFormat(bytes);
  if (!format) throw new ToolError(`${name} is ${otherFormat(bytes)}.`);
  if (format === 'heic' || format === 'jxl') {
    throw new ToolError(
      `${name} is in the format ${format.toUpperCase()}, which cannot be read here; convert it to JPEG or PNG first.`,
    );
  }
  const demuxer = BY_FFMPEG[format];
  if (!demuxer) return bytes;
  const program = (await ffmpeg())?.ffmpeg;
  if (!program) {
    throw new ToolError(
      `${name} is in the format ${format.toUpperCase()}, which is read by ffmpeg; this worker has none.`,
    );
  }
  const args = ['-v', 'error', '-protocol_whitelist', 'pipe', '-f', demuxer, '-max_pixels', String(MOST_PIXELS)];
  const output = ['-i', 'pipe:0', '-frames:v', '1', '-f', 'image2pipe', '-c:v', 'png', 'pipe:1'];
  const converted = { command: program, args: ['-nostdin', ...args, ...output], input: bytes };
  return told(name, runContained(converted, { ...LIMITS, outputBytes: MOST_PIXELS }, signal));
}

async function sizedDown(bytes: Uint8Array, job: ImageJob, name: string, signal: AbortSignal) {
  const limits = { ...LIMITS, outputBytes: 2 * ANIMATION_FRAMES * job.maxBytes + 65_536 };
  const given = await told(name, runContainedNode<ImageAnswer>(PROGRAM, job, bytes, limits, signal));
  const { answer } = given;
  const lengths = 'pictures' in answer ? answer.pictures.map((picture) => picture.bytes) : [];
  return { answer, parts: partsOf(given.bytes, lengths) };
}

const told = <T>(name: string, work: Promise<T>): Promise<T> =>
  toldOfFile(name, work, LIMITS, {
    cannot: 'cannot be shown',
    damaged: 'it is damaged, or no image',
    tooLarge: 'decoded it is too large',
  });
