import { knownCharset, markedCharset } from './charset.ts';

/** How much of a file is looked at to tell text from binary, in bytes. */
const SAMPLE = 64 * 1024;

/**
 * Decodes a text file, or returns `undefined` when the bytes are no text.
 *
 * The order is: byte order mark, the declared charset, UTF-8, UTF-16 without a mark, GB18030 (older Chinese files),
 * Windows-1252. UTF-8 with a few broken bytes stays UTF-8.
 */
export function decodeText(bytes: Uint8Array, declaredCharset?: string): string | undefined {
  const encoding = markedCharset(bytes) ?? knownCharset(declaredCharset) ?? guess(bytes);
  if (!encoding) return undefined;
  const text = new TextDecoder(encoding).decode(bytes).replace(/\r\n?/g, '\n');
  return isBinaryText(text) ? undefined : text;
}

function guess(bytes: Uint8Array): string | undefined {
  const sample = bytes.subarray(0, SAMPLE);
  if (sample.includes(0)) return guessUtf16(sample);
  const lossy = new TextDecoder().decode(bytes);
  const broken = lossy.split('\ufffd').length - 1;
  if (broken === 0) return 'utf-8';
  const beyondAscii = lossy.length - lossy.replace(/[^\x00-\x7f]/g, '').length;
  if (broken < beyondAscii / 10) return 'utf-8';
  return isMostlyPairs(sample) && decodes(bytes, 'gb18030') ? 'gb18030' : 'windows-1252';
}

/** Text of mostly Latin letters has its zero bytes on one side of each pair. */
function guessUtf16(sample: Uint8Array): string | undefined {
  let even = 0;
  let odd = 0;
  for (let i = 0; i < sample.length; i++) if (sample[i] === 0) i % 2 === 0 ? even++ : odd++;
  const enough = sample.length / 8;
  if (odd > enough && even < odd / 10) return 'utf-16le';
  if (even > enough && odd < even / 10) return 'utf-16be';
  return undefined;
}

/**
 * Chinese text is runs of high bytes; accented letters in European text stand alone. GB18030 accepts many files of
 * either sort, so decoding without an error is not enough to tell.
 */
function isMostlyPairs(sample: Uint8Array): boolean {
  let high = 0;
  let inRuns = 0;
  for (let i = 0; i < sample.length; i++) {
    if (sample[i]! < 0x80) continue;
    high++;
    if (sample[i - 1]! >= 0x80 || sample[i + 1]! >= 0x80) inRuns++;
  }
  return inRuns > high * 0.8;
}

function decodes(bytes: Uint8Array, encoding: string): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Control characters beyond tab, line feed, form feed, backspace and escape (terminal logs) are no text. */
function isBinaryText(text: string): boolean {
  const sample = text.slice(0, SAMPLE);
  const controls = sample.match(/[\x00-\x07\x0b\x0e-\x1a\x1c-\x1f\x7f-\x9f]/g)?.length ?? 0;
  return controls > sample.length * 0.02;
}
