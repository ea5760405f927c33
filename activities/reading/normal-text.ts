/** A text as it is compared: letters and digits in lower case, a blank between words. */
export interface NormalText {
  text: string;
  /** For each character of `text` where in the original it comes from. */
  origin: number[];
}

/** Scripts that put no blanks between words: a blank or line end there is layout. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}ー々〆]/u;

/** Whether a character is a word of its own, as far as blanks tell. */
export const isUnspaced = (character: string): boolean => UNSPACED.test(character);

/** Left out on both sides: where Markdown links lead to, and the numbers of footnotes. */
const NOT_TEXT = /\]\((?:[^()\s]|\([^()\s]*\))*(?:\s"[^"\n]*")?\)|\[\[?\d{1,3}\]?\](?!\()/g;

/** Marks within a word or number, with what may stand around them: hyphenation, apostrophes, decimals. */
const HYPHEN = /^(?:[-\u2010\u2011]\s*|\u00ad\s*)(?=\p{L})/u;
const APOSTROPHE = /^['’ʼ](?=\p{L})/u;
const DECIMAL = /^[.,](?=\d)/;

/**
 * Makes texts comparable word for word: case, accents, full-width forms, white space and punctuation do not count, but
 * the points and commas of numbers do. Words that hyphenation took apart are put together.
 */
export function normalText(original: string): NormalText {
  const text: string[] = [];
  const origin: number[] = [];
  let blank = false;
  let previous = '';
  const skipped = original.matchAll(NOT_TEXT);
  let skip = skipped.next().value;

  const push = (folded: string, at: number) => {
    if (blank && previous !== '' && !UNSPACED.test(previous) && !UNSPACED.test(folded)) {
      text.push(' ');
      origin.push(at);
    }
    blank = false;
    for (const unit of folded.split('')) {
      text.push(unit);
      origin.push(at);
    }
    previous = folded;
  };

  for (let at = 0; at < original.length; ) {
    if (skip && at === skip.index) {
      at += skip[0].length;
      blank = true;
      skip = skipped.next().value;
      continue;
    }
    const character = String.fromCodePoint(original.codePointAt(at)!);
    const folded = fold(character);
    if (folded !== '') {
      push(folded, at);
    } else if (!/^\p{M}$/u.test(character)) {
      const joined = blank ? undefined : inWord(original, at, previous);
      if (joined !== undefined) {
        if (joined.kept) push(joined.kept, at);
        at += joined.length;
        continue;
      }
      blank = true;
    }
    at += character.length;
  }
  return { text: text.join(''), origin };
}

/** The letter or digit as it is compared; empty for what is neither. */
function fold(character: string): string {
  if (character < '\x80') return /[a-z0-9]/i.test(character) ? character.toLowerCase() : '';
  return character
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** A mark that takes no word apart: its length, and what of it is kept. */
function inWord(original: string, at: number, previous: string): { length: number; kept?: string } | undefined {
  const rest = original.slice(at, at + 12);
  if (/\d$/.test(previous) && DECIMAL.test(rest)) return { length: 1, kept: rest[0] };
  if (!/\p{L}$/u.test(previous)) return undefined;
  const mark = HYPHEN.exec(rest) ?? APOSTROPHE.exec(rest);
  return mark ? { length: mark[0].length } : undefined;
}

/** Whether a stretch begins and ends where words do. */
export function atWordEnds(text: string, start: number, end: number): boolean {
  return isBetween(text[start - 1], text[start]) && isBetween(text[end - 1], text[end]);
}

const isBetween = (left: string | undefined, right: string | undefined): boolean =>
  left === undefined ||
  right === undefined ||
  left === ' ' ||
  right === ' ' ||
  UNSPACED.test(left) ||
  UNSPACED.test(right);
