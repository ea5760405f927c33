import type { Transform } from 'node:stream';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';

/** For the `accept-encoding` header: everything that `decoders` undoes. */
export const ACCEPT_ENCODING = 'gzip, deflate, br, zstd';

/** `bytesWritten` counts what it has unpacked so far. */
export type Decoder = Transform & { readonly bytesWritten: number };

/** Nobody needs more than two; each further one multiplies what a few bytes can unpack to. */
const MAX_CODINGS = 2;

/** 8 MiB, the largest window RFC 9659 lets a server use; the default would let it take 128 MiB of memory. */
const ZSTD_WINDOW_LOG = 23;

/**
 * The streams that undo a `content-encoding`, in the order to pass the body through; none for a body as it is.
 * `start` is the body's first bytes, by which `deflate` in the zlib format (the standard's) is told from the bare one
 * (some servers'). Returns undefined where a coding is unknown or there are more than two.
 */
export function decoders(contentEncoding: string, start: Uint8Array): Decoder[] | undefined {
  const codings = contentEncoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (codings.length > MAX_CODINGS) return undefined;
  const streams: Decoder[] = [];
  for (const coding of codings.reverse()) {
    const stream = decoder(coding, streams.length === 0 ? start : undefined);
    if (stream === undefined) return undefined;
    streams.push(stream);
  }
  return streams;
}

function decoder(coding: string, start: Uint8Array | undefined): Decoder | undefined {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return start === undefined || (start[0]! & 0x0f) === 8 ? createInflate() : createInflateRaw();
    case 'br':
      return createBrotliDecompress();
    case 'zstd':
      return createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } });
    default:
      return undefined;
  }
}
