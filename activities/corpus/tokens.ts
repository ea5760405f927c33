/** Scripts without spaces between words, indexed as overlapping pairs of characters. */
const UNSPACED =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}ー々〆';

const UNSPACED_START = new RegExp(`^[${UNSPACED}]`, 'u');

/** A run of unspaced script, or a word with the marks that bind its parts: `keep-alive`, `body_timeout`, `3.14`. */
const RUN = new RegExp(
  `[${UNSPACED}]+|(?:(?![${UNSPACED}])[\\p{L}\\p{M}\\p{N}])+(?:[_.\\-'’](?:(?![${UNSPACED}])[\\p{L}\\p{M}\\p{N}])+)*`,
  'gu',
);

/** Longer ones are no words but encoded data, in characters. */
const MAX_TOKEN = 64;

/** One word of a text: the tokens it is found by. */
export interface Word {
  /** Its parts: `body` and `timeout` for `bodyTimeout`; pairs of characters for Chinese, Japanese and Korean. */
  parts: string[];
  /** The whole without its marks (`bodytimeout`), where there are several parts. */
  whole?: string;
  unspaced?: true;
}

/** The words of a text, folded: no capitals, no accents, no full-width forms, English endings taken off. */
export function* words(text: string): Generator<Word> {
  const plain = /[^\x00-\x7f]/.test(text) ? fold(text) : text;
  for (const [run] of plain.matchAll(RUN)) {
    if (UNSPACED_START.test(run)) {
      yield { parts: pairs(run), unspaced: true };
    } else {
      const word = knownWord(run);
      if (word) yield word;
    }
  }
}

/** All tokens of a text, in order, as they go into the index. */
export function tokens(text: string): string[] {
  const all: string[] = [];
  for (const { parts, whole } of words(text)) {
    for (const part of parts) all.push(part);
    if (whole) all.push(whole);
  }
  return all;
}

/** Compatible forms become one, and Latin, Greek and Cyrillic letters lose their accents. */
function fold(text: string): string {
  return text.normalize('NFKC').replace(/[\u00c0-\u052f\u1e00-\u1fff]+/g, (letters) =>
    letters
      .normalize('NFD')
      .replace(/[\u0300-\u036f]/g, '')
      .normalize('NFC'),
  );
}

/** Pairs, and the last character alone: then a search for one character finds it anywhere as a prefix. */
function pairs(run: string): string[] {
  const characters = [...run];
  return characters.map((character, i) => character + (characters[i + 1] ?? ''));
}

/** The same few thousand words make up most of every text, and to take one apart costs more than to look it up. */
const KNOWN_WORDS = 50_000;
const knownWords = new Map<string, Word | undefined>();

function knownWord(run: string): Word | undefined {
  const known = knownWords.get(run);
  if (known || knownWords.has(run)) return known;
  if (knownWords.size >= KNOWN_WORDS) knownWords.clear();
  const word = compound(run);
  knownWords.set(run, word);
  return word;
}

function compound(run: string): Word | undefined {
  const pieces = run.replace(/['’]s$/i, '').split(/[_.\-'’]/);
  const parts = pieces.flatMap(camelParts).map(stem).filter(isToken);
  if (parts.length === 0) return undefined;
  if (/^v?\d+(?:\.\d+)+$/i.test(run)) return { parts: [run.replace(/^v/i, '')] };
  if (parts.length === 1) return { parts };
  const whole = stem(pieces.join('').toLowerCase());
  return isToken(whole) ? { parts, whole } : { parts };
}

const isToken = (token: string): boolean => token.length > 0 && token.length <= MAX_TOKEN;

function camelParts(piece: string): string[] {
  if (!/.\p{Lu}/u.test(piece)) return [piece.toLowerCase()];
  return piece
    .replace(/(\p{Ll}|\d)(?=\p{Lu})/gu, '$1 ')
    .replace(/(\p{Lu})(?=\p{Lu}\p{Ll})/gu, '$1 ')
    .toLowerCase()
    .split(' ');
}

/** Takes common English endings off, so that `requests`, `caching` and `retried` meet `request`, `cache` and `retry`. */
export function stem(word: string): string {
  if (word.length < 4 || word.length > MAX_TOKEN || !/^[a-z]+$/.test(word)) return word;
  let base = word.replace(/(?<=[a-z]{2})ies$/, 'y').replace(/(?<![sui])s$/, '');
  base = base.replace(/(?<=[a-z]{2})ied$/, 'y');
  const bare = /^(.*[aeiouy].*)(?:ing|(?<!e)ed)$/.exec(base)?.[1];
  if (bare && bare.length > 2) base = bare.replace(/([bdfgmnprt])\1$/, '$1');
  return base.length > 3 ? base.replace(/e$/, '') : base;
}
