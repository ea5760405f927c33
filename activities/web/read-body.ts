import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { decoders } from './content-coding.ts';
import { FetchError } from './fetch-error.ts';
import type { FetchLimits } from './limits.ts';
import { untilAborted } from './until-aborted.ts';

/** Below this a high ratio is harmless and, in small repetitive pages, common. */
const RATIO_FREE_BYTES = 1024 * 1024;
/** Enough to tell what kind of content it is. */
const HEAD_BYTES = 2048;

export interface BodyHeaders {
  contentLength: string | undefined;
  contentEncoding: string | undefined;
}

/**
 * Reads a body to its end, unpacked, holding no more than `maxBytes` of it at any time. Lengths are checked as they
 * come in, first of all the declared one. `checkHead` sees the first unpacked bytes and may throw to stop there.
 * Throws `FetchError` about the page `asked`; errors of the connection and of the unpacking go through as they are.
 */
export async function readBody(
  body: Readable,
  headers: BodyHeaders,
  limits: FetchLimits,
  asked: string,
  checkHead: (head: Buffer) => void,
  signal: AbortSignal,
): Promise<Buffer> {
  const tooLarge = () => new FetchError('too-large', asked, `it is larger than ${formatBytes(limits.maxBytes)}`);
  // Destroying a body makes it emit an error, which is only news to whoever still reads it.
  body.on('error', () => {});
  if (Number(headers.contentLength) > limits.maxBytes) {
    body.destroy();
    throw tooLarge();
  }

  let received = 0;
  let unpacked = 0;
  /** Received bytes that have been unpacked; what still waits in buffers would make a bomb look harmless. */
  let consumed = () => received;
  let headSeen = false;
  const chunks: Buffer[] = [];
  const iterator: AsyncIterator<Buffer> = body[Symbol.asyncIterator]();
  const progress = watchProgress(() => received, limits, asked);
  const stop = AbortSignal.any([signal, progress.signal]);
  // Wakes up whoever waits for the next chunk.
  stop.addEventListener('abort', () => body.destroy(), { once: true });

  async function* counted(first: Buffer): AsyncGenerator<Buffer> {
    try {
      let chunk = first;
      while (true) {
        received += chunk.length;
        if (received > limits.maxBytes) throw tooLarge();
        yield chunk;
        const next = await iterator.next();
        if (next.done) return;
        chunk = next.value;
      }
    } finally {
      body.destroy();
    }
  }

  async function collect(source: AsyncIterable<Buffer>): Promise<void> {
    for await (const chunk of source) {
      unpacked += chunk.length;
      if (unpacked > limits.maxBytes) throw tooLarge();
      if (unpacked > RATIO_FREE_BYTES && unpacked > consumed() * limits.maxRatio)
        throw new FetchError('encoding', asked, 'its compressed content unpacks to far more than was sent');
      chunks.push(chunk);
      if (!headSeen && unpacked >= HEAD_BYTES) {
        headSeen = true;
        checkHead(Buffer.concat(chunks));
      }
    }
  }

  try {
    const first = await untilAborted(iterator.next(), stop);
    if (!first.done) {
      const streams = decoders(headers.contentEncoding ?? '', first.value);
      if (streams === undefined)
        throw new FetchError('encoding', asked, 'its content is compressed in a way that is not supported');
      const outermost = streams[0];
      if (outermost !== undefined) consumed = () => outermost.bytesWritten;
      // The types want streams only; generators and functions are taken as well.
      const steps = [counted(first.value), ...streams, collect] as unknown as Readable[];
      await pipeline(steps, { signal: stop });
    }
    const whole = Buffer.concat(chunks);
    if (!headSeen) checkHead(whole);
    return whole;
  } catch (error) {
    throw stop.aborted ? stop.reason : error;
  } finally {
    progress.end();
    body.destroy();
  }
}

/** Aborts when a stretch of `progressMs` brought fewer than `minProgressBytes`. */
function watchProgress(received: () => number, limits: FetchLimits, asked: string) {
  const controller = new AbortController();
  let before = 0;
  const timer = setInterval(() => {
    if (received() - before < limits.minProgressBytes)
      controller.abort(new FetchError('timeout', asked, 'its content came too slowly'));
    before = received();
  }, limits.progressMs);
  return { signal: controller.signal, end: () => clearInterval(timer) };
}

function formatBytes(bytes: number): string {
  if (bytes >= 1024 * 1024) return `${Math.round(bytes / 1024 / 1024)} MB`;
  return bytes >= 1024 ? `${Math.round(bytes / 1024)} KB` : `${bytes} bytes`;
}
