/**
 * A reversible tokenizer without a vocabulary: a token is up to four UTF-8 bytes of whole characters, and its id spells
 * them out. That is close to the four characters a token that real tokenizers reach on English, and every process gives
 * the same ids. Runs of line ends are tokens of their own, so an insertion shifts only the rest of its line.
 */

const BYTES_PER_TOKEN = 4;
const LENGTH_UNIT = 2 ** 32;
const REPLACEMENT = 0xfffd;

/** Special tokens of the Qwen family's templates; the id is the position. */
const SPECIAL = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'] as const;
const SPECIAL_PATTERN = /(<\|endoftext\|>|<\|im_start\|>|<\|im_end\|>)/;

/** Ends a reply; no text. */
export const END_OF_TURN = SPECIAL.indexOf('<|im_end|>');

/** Ids of a text, special tokens included. Lone surrogates become U+FFFD, as in any UTF-8. */
export function encode(text: string): number[] {
  const ids: number[] = [];
  for (const part of text.split(SPECIAL_PATTERN)) {
    const special = SPECIAL.indexOf(part as (typeof SPECIAL)[number]);
    if (special >= 0) ids.push(special);
    else encodePlain(part, ids);
  }
  return ids;
}

function encodePlain(text: string, ids: number[]): void {
  let value = 0;
  let length = 0;
  let inLineEnds = false;
  const flush = () => {
    if (length > 0) ids.push(length * LENGTH_UNIT + value);
    value = 0;
    length = 0;
  };
  for (const char of text) {
    const isLineEnd = char === '\n';
    const bytes = utf8(char.codePointAt(0) ?? REPLACEMENT);
    if (isLineEnd !== inLineEnds || length + bytes.length > BYTES_PER_TOKEN) flush();
    inLineEnds = isLineEnd;
    for (const byte of bytes) value = value * 256 + byte;
    length += bytes.length;
  }
  flush();
}

function utf8(codePoint: number): number[] {
  const point = codePoint >= 0xd800 && codePoint <= 0xdfff ? REPLACEMENT : codePoint;
  if (point < 0x80) return [point];
  if (point < 0x800) return [0xc0 | (point >> 6), 0x80 | (point & 63)];
  if (point < 0x10000) return [0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63)];
  return [0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63)];
}

/** Text of ids, special tokens included unless `skipSpecial`. Throws a RangeError that names an id it cannot read. */
export function decode(ids: readonly number[], skipSpecial = false): string {
  let text = '';
  let bytes: number[] = [];
  for (const id of ids) {
    const special = SPECIAL[id];
    if (special !== undefined) {
      text += Buffer.from(bytes).toString('utf8') + (skipSpecial ? '' : special);
      bytes = [];
      continue;
    }
    const length = Math.floor(id / LENGTH_UNIT);
    if (!Number.isSafeInteger(id) || length < 1 || length > BYTES_PER_TOKEN) {
      throw new RangeError(`Token id ${id} is out of vocabulary`);
    }
    for (let i = length - 1; i >= 0; i--) bytes.push(Math.floor((id % LENGTH_UNIT) / 256 ** i) % 256);
  }
  return text + Buffer.from(bytes).toString('utf8');
}
