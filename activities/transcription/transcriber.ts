import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { type Cache, noCache } from '../cache/cache.ts';
import type { ReadableDocument } from '../documents/readable-document.ts';
import { limiter } from '../limiter.ts';
import { type ToolContext, ToolError, TryLater } from '../tools/tool.ts';
import { type Ffmpeg, ffmpeg } from '../vision/ffmpeg.ts';
import { askServer, type Sound, type Transcript } from './ask-server.ts';
import { type RecordingFormat, recordingFormat } from './recording-format.ts';
import type { TranscriptionSettings } from './settings.ts';
import { PIECE_SECONDS, soundPieces } from './sound-pieces.ts';
import { clock, transcriptText } from './transcript-text.ts';

/** Writes down what is said in an open file. Throws `ToolError`, and `TryLater` where the server is at fault. */
export type Transcribe = (
  file: FileHandle,
  name: string,
  context: Pick<ToolContext, 'recorded' | 'signal'>,
) => Promise<ReadableDocument>;

export interface TranscriberOptions {
  cache?: Cache;
  /** Default: those of the machine. */
  programs?: () => Promise<Ffmpeg | undefined>;
  /** Of the pieces in which a long recording is sent. */
  pieceSeconds?: number;
}

/** A stretch of a recording that was written down. Times in seconds. */
export interface TranscribedPiece extends Transcript {
  from: number;
}

const Pieces: z.ZodType<TranscribedPiece[]> = z.array(
  z.object({
    from: z.number(),
    text: z.string(),
    duration: z.number().optional(),
    segments: z.array(z.object({ start: z.number(), end: z.number(), text: z.string() })).optional(),
  }),
);

/** Transcripts that this process remembers where nothing else does: a long one is read part by part. */
const REMEMBERED = 20;

/** Servers take one recording at a time for each GPU. */
const AT_ONCE = 2;

/**
 * What a transcription server makes of recordings. A recording is asked for once: it is kept by its content, and the
 * pieces of a long one under the call's id, so that an attempt after a crash pays for none of them again.
 */
export function transcriber(settings: TranscriptionSettings, options: TranscriberOptions = {}): Transcribe {
  const { cache = noCache, programs = ffmpeg, pieceSeconds = PIECE_SECONDS } = options;
  const remembered = new Map<string, TranscribedPiece[]>();
  const inTurn = limiter(AT_ONCE);

  async function before(key: string): Promise<TranscribedPiece[] | undefined> {
    const own = remembered.get(key);
    if (own) return own;
    const kept = Pieces.safeParse((await cache.get(key))?.value);
    return kept.success ? kept.data : undefined;
  }

  async function keep(key: string, pieces: TranscribedPiece[]): Promise<void> {
    const oldest = remembered.keys().next().value;
    if (remembered.size >= REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    remembered.set(key, pieces);
    await cache.put(key, pieces);
  }

  return async (file, name, { recorded, signal }) => {
    const key = `transcript ${settings.model} ${await hashOf(file, signal)}`;
    const ask = (from: number, sound: Sound): Promise<TranscribedPiece> =>
      recorded(`${key} from ${from}`, async () => {
        const transcript = await inTurn(() => askServer(sound, settings, signal));
        return { from, ...transcript };
      });
    try {
      const pieces = (await before(key)) ?? (await transcribed(file, name, ask, await programs(), signal));
      await keep(key, pieces);
      return document(pieces, settings.model);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw toolFailure(error, name);
    }
  };

  async function transcribed(
    source: FileHandle,
    name: string,
    ask: (from: number, sound: Sound) => Promise<TranscribedPiece>,
    found: Ffmpeg | undefined,
    signal: AbortSignal,
  ): Promise<TranscribedPiece[]> {
    const { size } = await source.stat();
    const format = await formatOf(source);
    if (!format) throw new ToolError(`${name} is no recording.`);
    const isTaken = format.isCommon === true && size <= settings.maxBytes;
    if (isTaken && !(format.hasPictures && found)) {
      try {
        return [
          await ask(0, {
            bytes: await bytesOf(source, size),
            fileName: `recording.${format.ending}`,
            type: format.type,
          }),
        ];
      } catch (error) {
        // What it does not take as it is, it may take converted.
        if (!found || !isRefused(error)) throw error;
      }
    }
    if (!found) {
      const why = format.isCommon
        ? 'it is too large to be sent whole'
        : `${format.ending.toUpperCase()} has to be converted`;
      throw new ToolError(`${name} cannot be transcribed: ${why}, and this worker has no ffmpeg.`);
    }
    const pieces: TranscribedPiece[] = [];
    for await (const { from, mp3 } of soundPieces(source, name, found, pieceSeconds, signal)) {
      pieces.push(await ask(from, { bytes: mp3, fileName: 'recording.mp3', type: 'audio/mpeg' }));
    }
    if (pieces.length === 0) throw new ToolError(`${name} has no sound that can be decoded.`);
    return pieces;
  }
}

function document(pieces: TranscribedPiece[], model: string): ReadableDocument {
  const last = pieces.at(-1)!;
  const seconds = last.duration ?? last.segments?.at(-1)?.end;
  const length = seconds === undefined ? '' : ` of ${clock(last.from + seconds)}`;
  const text = transcriptText(pieces) || '(Nothing is said in it.)';
  return { kind: 'recording', text: `[Transcript${length} by ${model}]\n\n${text}` };
}

async function formatOf(file: FileHandle): Promise<RecordingFormat | undefined> {
  const start = Buffer.alloc(512);
  const { bytesRead } = await file.read(start, 0, start.length, 0);
  return recordingFormat(start.subarray(0, bytesRead));
}

async function bytesOf(file: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  await file.read(bytes, 0, size, 0);
  return bytes;
}

async function hashOf(file: FileHandle, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const chunk = Buffer.alloc(1024 * 1024);
  for (let at = 0; ; ) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(chunk.subarray(0, bytesRead));
    at += bytesRead;
  }
}

/** A key, model or address that is wrong is wrong for a converted recording too. */
function isRefused(error: unknown): boolean {
  if (!(error instanceof ApplicationFailure) || !error.nonRetryable) return false;
  const status = Number((error.details?.[0] as { status?: unknown } | undefined)?.status);
  return [400, 413, 415, 422].includes(status);
}

/** What a failed request is to a tool; `inference/failure.ts` has told retryable from final. */
function toolFailure(error: unknown, name: string): unknown {
  if (!(error instanceof ApplicationFailure)) return error;
  const { message, nonRetryable, nextRetryDelay } = error;
  const why = message.replace(/^The model server/, 'the transcription server').replace(/\.$/, '');
  const text = `${name} could not be transcribed: ${why}.`;
  if (nonRetryable) return new ToolError(text);
  const afterMs = Number(nextRetryDelay);
  return new TryLater(text, { text, failed: true }, afterMs > 0 ? afterMs : undefined);
}
