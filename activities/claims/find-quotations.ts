import { isUnspaced, normalText } from '../reading/normal-text.ts';
import { withoutCode } from './find-citations.ts';

/** A stretch of an answer that it gives as somebody's words. */
export interface QuotedPlace {
  text: string;
  start: number;
  end: number;
}

/** Fewer are a term or a name, in words and in characters of scripts without blanks. */
const LEAST_WORDS = 4;
const LEAST_UNSPACED = 8;

/** A longer stretch between two marks is two marks that do not belong together, in characters. */
const LONGEST = 1500;

const PAIRS: [open: string, close: string][] = [
  ['“', '”'],
  ['„', '“'],
  ['„', '”'],
  ['«', '»'],
  ['»', '«'],
  ['「', '」'],
  ['『', '』'],
];

/** Neither mark stands within, and a paragraph's end ends it: what is open there was no quotation. */
const within = (marks: string) => `((?:(?!\\n\\s*\\n)[^${marks}]){1,${LONGEST}})`;
const MARKED = [
  ...PAIRS.map(([open, close]) => new RegExp(`${open}${within(open + close)}${close}`, 'gu')),
  new RegExp(`(?<![\\p{L}\\p{N}])‘((?:(?!\\n\\s*\\n)[^‘]){1,${LONGEST}}?)’(?![\\p{L}\\p{N}])`, 'gu'),
  // Straight marks look the same at both ends: one that opens has no letter before it, one that closes none after it.
  new RegExp(`(?<![\\p{L}\\p{N}])"(?=\\S)${within('"')}(?<=\\S)"(?![\\p{L}\\p{N}])`, 'gu'),
];

/** The quotations of an answer: between quotation marks, and in quoted paragraphs. */
export function findQuotations(answer: string): QuotedPlace[] {
  const found: QuotedPlace[] = [];
  const add = (text: string, start: number, end: number) => {
    if (isQuotation(text) && !found.some((other) => start < other.end && other.start < end))
      found.push({ text, start, end });
  };
  let text = withoutCode(answer);
  text = text.replace(/(?:^ {0,3}>[^\n]*(?:\n|$))+/gm, (block, at: number) => {
    add(unquoted(block), at, at + block.length);
    return block.replace(/[^\n]/g, ' ');
  });
  for (const marks of MARKED) {
    for (const match of text.matchAll(marks)) add(match[1]!, match.index, match.index + match[0].length);
  }
  return found.sort((a, b) => a.start - b.start);
}

/** The words of a quoted paragraph, without who said them. */
function unquoted(block: string): string {
  const lines = block.split('\n').map((line) => line.replace(/^ {0,3}(?:> ?)+/, ''));
  const said = lines.filter((line) => !/^\s*(?:[—–]|--)\s*\S/.test(line));
  return said
    .join('\n')
    .replace(/\s*\(?(?:\[[^\]\n]*\]\([^)\n]*\)|https?:\/\/\S+|\[\^?\d{1,3}\])\)?\s*$/, '')
    .trim()
    .replace(/^["“„«「](.*)["”“»」]$/s, '$1');
}

function isQuotation(text: string): boolean {
  const { text: normal } = normalText(text);
  const unspaced = [...normal].filter(isUnspaced).length;
  if (unspaced >= LEAST_UNSPACED) return true;
  return normal.split(' ').filter((word) => /\p{L}/u.test(word)).length >= LEAST_WORDS;
}
