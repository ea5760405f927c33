import type { FileHandle } from 'node:fs/promises';
import { ToolError } from '../tools/tool.ts';
import { type ContainedProgram, type ProgramLimits, runContained } from '../vision/contained-program.ts';
import type { Ffmpeg } from '../vision/ffmpeg.ts';
import { toldOfFile } from '../vision/media-failure.ts';

/** A stretch of a recording's sound, as an MP3 file. Times in seconds. */
export interface SoundPiece {
  from: number;
  mp3: Buffer;
}

/** Decoding ten minutes takes a second or two; finding their place in a long film a few more. */
const LIMITS: ProgramLimits = { seconds: 120, memoryMb: 1024, outputBytes: 24 * 1024 * 1024 };

/** Some 3.5 MB as it is sent: no server refuses it, and a failed request costs little. */
export const PIECE_SECONDS = 600;

/** A piece ends in the last pause of its last seconds, so that no word is cut. */
const LOOK_FOR_PAUSE = 30;

/** A piece without sound is this small, in bytes. */
const EMPTY = 300;

/** Longer recordings are not written down to their end: 50 hours. */
const MOST_PIECES = 300;

/** Containers that hold what they play. Playlists and scripts, which name other files and addresses, are not among them. */
const CONTAINERS =
  'mp3,wav,w64,flac,ogg,aac,aiff,caf,au,amr,amrnb,amrwb,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf';

const READ_ONLY = ['-protocol_whitelist', 'file', '-format_whitelist', CONTAINERS];

/** Each program opens the file anew through its descriptor, whatever has become of its path. */
const INPUT = 'file:/dev/fd/3';

/**
 * The sound of a recording in pieces that a server takes.
 *
 * @param name what error sentences call it
 * @param piece longest one, in seconds
 * @throws ToolError with one sentence where there is no sound that can be decoded
 */
export async function* soundPieces(
  file: FileHandle,
  name: string,
  programs: Ffmpeg,
  piece: number,
  signal: AbortSignal,
): AsyncGenerator<SoundPiece> {
  const run = (command: string, args: string[]) => contained(name, { command, args, file: file.fd }, signal);
  const seconds = await lengthOf(name, (args) => run(programs.ffprobe, args));
  const ffmpeg = (args: string[]) =>
    run(programs.ffmpeg, ['-v', 'error', '-nostdin', '-threads', '1', ...READ_ONLY, ...args]);
  let from = 0;
  for (let count = 0; count < MOST_PIECES && (seconds === undefined || from < seconds); count++) {
    const isLast = seconds !== undefined && seconds - from <= piece;
    const to = isLast ? seconds : await pauseBefore(from + piece, ffmpeg);
    const span = ['-ss', from.toFixed(3), ...(isLast ? [] : ['-t', (to - from).toFixed(3)])];
    const sound = ['-map', '0:a:0', '-vn', '-ac', '1', '-ar', '16000', '-c:a', 'libmp3lame', '-b:a', '48k'];
    const mp3 = await ffmpeg([
      ...span,
      '-i',
      INPUT,
      ...sound,
      '-write_xing',
      '0',
      '-id3v2_version',
      '0',
      '-f',
      'mp3',
      'pipe:1',
    ]);
    if (mp3.length < EMPTY) return;
    yield { from, mp3 };
    from = to;
  }
}

/** Undefined where the recording does not say. */
async function lengthOf(name: string, ffprobe: (args: string[]) => Promise<Buffer>): Promise<number | undefined> {
  const wanted = 'format=duration:stream=codec_type';
  const text = await ffprobe(['-v', 'error', ...READ_ONLY, '-show_entries', wanted, '-of', 'json', INPUT]);
  const { format, streams = [] } = JSON.parse(text.toString('utf8')) as {
    format?: { duration?: string };
    streams?: { codec_type?: string }[];
  };
  if (!streams.some(({ codec_type }) => codec_type === 'audio')) throw new ToolError(`${name} has no sound.`);
  const seconds = Number(format?.duration);
  return seconds > 0 ? seconds : undefined;
}

/** The middle of the last pause before a moment; the moment itself where nobody pauses. */
async function pauseBefore(moment: number, ffmpeg: (args: string[]) => Promise<Buffer>): Promise<number> {
  const start = moment - LOOK_FOR_PAUSE;
  const filter = 'silencedetect=noise=-35dB:d=0.3,ametadata=mode=print:file=pipe\\\\:1';
  const args = ['-ss', start.toFixed(3), '-t', String(LOOK_FOR_PAUSE), '-i', INPUT, '-map', '0:a:0', '-vn'];
  const text = (await ffmpeg([...args, '-af', filter, '-f', 'null', '-'])).toString('utf8');
  const times = (key: string) =>
    [...text.matchAll(new RegExp(`^lavfi\\.silence_${key}=([\\d.]+)`, 'gm'))].map(([, time]) => Number(time));
  const begins = times('start').at(-1);
  if (begins === undefined) return moment;
  const ends = times('end').findLast((end) => end > begins) ?? LOOK_FOR_PAUSE;
  return start + (begins + ends) / 2;
}

const contained = (name: string, program: ContainedProgram, signal: AbortSignal) =>
  toldOfFile(name, runContained(program, LIMITS, signal), LIMITS, {
    cannot: 'cannot be heard',
    damaged: 'it is damaged, or no recording',
    foreign: 'it is no recording, or names other files',
  });
