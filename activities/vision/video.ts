import type { FileHandle } from 'node:fs/promises';
import type { Media } from '../inference/media.ts';
import { limiter } from '../limiter.ts';
import { steadyNow } from '../steady-now.ts';
import { ToolError } from '../tools/tool.ts';
import { type ContainedProgram, type ProgramLimits, runContained } from './contained-program.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { imageFormat } from './file-format.ts';
import { toldOfFile } from './media-failure.ts';
import type { VisionSettings } from './settings.ts';

/** A video as a model gets it. */
export interface PreparedVideo {
  media: Media[];
  /** For a person and the model: what of it is shown. */
  shown: string;
}

export interface VideoOptions extends Pick<VisionSettings, 'frames' | 'frameSide' | 'wholeVideos'> {
  ffmpeg: Ffmpeg;
}

/** A frame from the middle of a long high-resolution film: some seconds, and the reference frames of its codec. */
const LIMITS: ProgramLimits = { seconds: 30, memoryMb: 1536, outputBytes: 16 * 1024 * 1024 };

/** For all frames of one video. */
const PATIENCE_MS = 120_000;

/** Larger frames are not decoded: 8K has 33 megapixels. */
const MOST_PIXELS = 64_000_000;

/** More show the same. */
const MOST_A_SECOND = 4;

/** A video that is sent as it is, in bytes; a longer one is shown in frames. */
const MOST_WHOLE_BYTES = 12 * 1024 * 1024;

/** Each decodes with one thread. */
const inTurn = limiter(2);

/** Containers that hold what they show. Playlists and scripts, which name other files and addresses, are not among them. */
const CONTAINERS =
  'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,gif,h264,hevc,m4v,ivf,apng,webp_pipe';

const READ_ONLY = ['-protocol_whitelist', 'file', '-format_whitelist', CONTAINERS, '-max_pixels', String(MOST_PIXELS)];

/** Each program opens the file anew through its descriptor, whatever has become of its path. */
const INPUT = 'file:/dev/fd/3';

/**
 * Frames of a video, evenly spread, or the video itself where the endpoints take that. What is read is the open file,
 * by programs with limits that reach neither the network nor other files through it.
 *
 * @param name what error sentences call it
 * @throws ToolError with one sentence where it cannot be shown
 */
export function prepareVideo(
  file: FileHandle,
  name: string,
  options: VideoOptions,
  signal: AbortSignal,
): Promise<PreparedVideo> {
  return inTurn(async () => {
    await refuseImage(file, name);
    const { type, seconds } = await probe(file, name, options.ffmpeg, signal);
    const { size } = await file.stat();
    if (options.wholeVideos && type && size <= MOST_WHOLE_BYTES) {
      const bytes = Buffer.alloc(size);
      await file.read(bytes, 0, size, 0);
      const media: Media = { kind: 'video', type, base64: bytes.toString('base64'), label: `${name}:` };
      return { media: [media], shown: `${name} (${clock(seconds)}) was shown whole.` };
    }
    const frames = await framesOf(file, name, seconds, options, signal);
    const media = frames.map(({ at, jpeg }, index): Media => {
      const label = `${name}, frame ${index + 1} of ${frames.length}, at ${clock(at)}:`;
      return { kind: 'image', type: 'image/jpeg', base64: jpeg.toString('base64'), label };
    });
    const times = frames.map(({ at }) => clock(at)).join(', ');
    const shown = `${name} (${clock(seconds)}) was shown in ${frames.length} frames without sound, at ${times}.`;
    return { media, shown };
  });
}

/** An animation is both. */
async function refuseImage(file: FileHandle, name: string): Promise<void> {
  const start = Buffer.alloc(4096);
  const { bytesRead } = await file.read(start, 0, start.length, 0);
  const format = imageFormat(start.subarray(0, bytesRead));
  if (!format || format === 'gif' || format === 'webp') return;
  throw new ToolError(`${name} is an image; use ask_question_about_image.`);
}

interface Probed {
  /** Media type that servers take as it is. */
  type: string | undefined;
  seconds: number;
}

async function probe(
  file: FileHandle,
  name: string,
  { ffprobe, ffmpeg }: Ffmpeg,
  signal: AbortSignal,
): Promise<Probed> {
  const wanted = 'format=format_name,duration:stream=codec_type,duration,width,height:stream_disposition=attached_pic';
  const args = ['-v', 'error', ...READ_ONLY, '-show_entries', wanted, '-of', 'json', INPUT];
  const text = await contained(name, { command: ffprobe, args, file: file.fd }, signal);
  const { format = {}, streams = [] } = JSON.parse(text.toString('utf8')) as {
    format?: Record<string, string>;
    streams?: { codec_type?: string; duration?: string; width?: number; disposition?: { attached_pic?: number } }[];
  };
  const picture = streams.find((stream) => stream.codec_type === 'video' && !stream.disposition?.attached_pic);
  if (!picture?.width) {
    const sound = streams.some(({ codec_type }) => codec_type === 'audio');
    throw new ToolError(sound ? `${name} has sound but no pictures.` : `${name} has no pictures.`);
  }
  const told = Number(picture.duration ?? format.duration);
  const seconds = told > 0 ? told : await measured(file, name, ffmpeg, signal);
  return { type: typeOf(format.format_name ?? ''), seconds };
}

const typeOf = (formats: string): string | undefined => {
  if (/\bmp4\b/.test(formats)) return 'video/mp4';
  return /\bwebm\b/.test(formats) ? 'video/webm' : undefined;
};

/** Of a recording that does not say how long it is: where its last packet stands. Nothing is decoded. */
async function measured(file: FileHandle, name: string, ffmpeg: string, signal: AbortSignal): Promise<number> {
  const args = ['-v', 'error', '-nostdin', ...READ_ONLY, '-i', INPUT, '-map', '0:v:0', '-c', 'copy'];
  const output = ['-progress', 'pipe:1', '-f', 'null', '-'];
  const text = await contained(name, { command: ffmpeg, args: [...args, ...output], file: file.fd }, signal);
  const last = [...text.toString('utf8').matchAll(/^out_time_us=(\d+)$/gm)].at(-1)?.[1];
  return Number(last ?? 0) / 1_000_000;
}

async function framesOf(
  file: FileHandle,
  name: string,
  seconds: number,
  { frames: wanted, frameSide, ffmpeg }: VideoOptions,
  signal: AbortSignal,
): Promise<{ at: number; jpeg: Buffer }[]> {
  const frames: { at: number; jpeg: Buffer }[] = [];
  const until = steadyNow() + PATIENCE_MS;
  let fault: unknown;
  for (const at of moments(seconds, wanted)) {
    if (steadyNow() > until) break;
    try {
      const jpeg = await frameAt(file, name, at, frameSide, ffmpeg.ffmpeg, signal);
      // A place past the last picture gives none.
      if (jpeg.length > 0) frames.push({ at, jpeg });
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      // The rest of a damaged video is worth looking at.
      fault = error;
    }
  }
  // What it says of its length may be wrong.
  if (frames.length === 0 && !fault) {
    const jpeg = await frameAt(file, name, 0, frameSide, ffmpeg.ffmpeg, signal);
    if (jpeg.length > 0) return [{ at: 0, jpeg }];
  }
  if (frames.length > 0) return frames;
  throw fault ?? new ToolError(`${name} has no picture that can be decoded.`);
}

/** The middles of equal stretches; of a video too short to tell its length, the beginning. */
function moments(seconds: number, wanted: number): number[] {
  if (!(seconds > 0.1)) return [0];
  const count = Math.min(wanted, Math.ceil(seconds * MOST_A_SECOND));
  return Array.from({ length: count }, (_, index) => ((index + 0.5) * seconds) / count);
}

function frameAt(file: FileHandle, name: string, at: number, side: number, command: string, signal: AbortSignal) {
  const scale = `scale='min(${side},iw)':'min(${side},ih)':force_original_aspect_ratio=decrease`;
  const input = ['-nostdin', '-threads', '1', ...READ_ONLY, '-ss', at.toFixed(3), '-i', INPUT];
  const picture = ['-map', '0:v:0', '-frames:v', '1', '-vf', scale, '-threads', '1'];
  const output = ['-f', 'image2pipe', '-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p', '-q:v', '3', 'pipe:1'];
  const args = ['-v', 'error', ...input, ...picture, ...output];
  return contained(name, { command, args, file: file.fd }, signal);
}

/** `75.5` as `1:15.5`. */
function clock(seconds: number): string {
  const tenths = Math.round(seconds * 10);
  const [hours, minutes] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60];
  const rest = ((tenths % 600) / 10).toFixed(tenths % 10 === 0 ? 0 : 1);
  const padded = /^\d(\.|$)/.test(rest) ? `0${rest}` : rest;
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${padded}` : `${minutes}:${padded}`;
}

const contained = (name: string, program: ContainedProgram, signal: AbortSignal) =>
  toldOfFile(name, runContained(program, LIMITS, signal), LIMITS, {
    cannot: 'cannot be shown',
    damaged: 'it is damaged, or no video',
    foreign: 'it is not a video file, or names other files',
    tooLarge: 'decoded it is too large',
  });
