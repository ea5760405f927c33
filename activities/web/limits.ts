/** Limits of one fetch, over all its redirects. */
export interface FetchLimits {
  /** Of the body after decompression, and of what is received before it, in bytes. */
  maxBytes: number;
  /** What a compressed body may unpack to for each byte received, once it is past 1 MiB. */
  maxRatio: number;
  /** Of an answer's status line and headers, in bytes. */
  maxHeaderBytes: number;
  maxRedirects: number;
  /** From the call to the last byte, in milliseconds. */
  totalMs: number;
  /** For a TCP connection, and again for a TLS handshake. */
  connectMs: number;
  /** At least `minProgressBytes` of the body have to come in each stretch of this many milliseconds. */
  progressMs: number;
  minProgressBytes: number;
}

export const DEFAULT_LIMITS: Readonly<FetchLimits> = {
  maxBytes: 10 * 1024 * 1024,
  // Text packs 3 to 20 times, tables of repeated rows up to about 100 times, a bomb 1,000 times and more.
  maxRatio: 200,
  // Twice Node's own limit is not enough for some sites' security policies and cookies.
  maxHeaderBytes: 64 * 1024,
  maxRedirects: 5,
  totalMs: 60_000,
  connectMs: 10_000,
  progressMs: 10_000,
  minProgressBytes: 1024,
};
