import { atWordEnds, normalText } from './normal-text.ts';

/** A stretch of a page. */
export interface Span {
  start: number;
  end: number;
}

/** In normal characters: a shorter quote stands anywhere and says nothing, and a part of one still less. */
const LEAST = 4;
const LEAST_PART = 8;

/** Punctuation and marks around a stretch that belong to it, in characters. */
const MOST_MARKS = 8;

/** A page in which texts are looked for word for word. */
export interface ComparablePage {
  /** As it is compared. */
  normal: string;
  /** The first place of a text that has at least so many normal characters. */
  find(text: string, least?: number): Span | undefined;
}

export function comparablePage(page: string): ComparablePage {
  const normal = normalText(page);
  return {
    normal: normal.text,
    find(text, least = LEAST) {
      const wanted = normalText(text).text;
      if (wanted.length < least) return undefined;
      for (let at = normal.text.indexOf(wanted); at >= 0; at = normal.text.indexOf(wanted, at + 1)) {
        const end = at + wanted.length;
        if (atWordEnds(normal.text, at, end)) return widened(page, normal.origin[at]!, normal.origin[end - 1]! + 1);
      }
      return undefined;
    },
  };
}

/**
 * Finds quotes in a page. A quote that does not stand in it as a whole is looked for in parts (what is between
 * ellipses, lines, sentences), and the parts that stand there are found: what a model made up is not.
 */
export function verbatimFinder(page: string): (quote: string) => Span[] {
  const { find } = comparablePage(page);

  const parts = (quote: string, cut: RegExp): Span[] =>
    quote.split(cut).flatMap((part) => find(part, LEAST_PART) ?? (cut === SENTENCES ? [] : parts(part, SENTENCES)));

  return (quote) => {
    const found = find(quote);
    return found ? [found] : parts(quote, LINES);
  };
}

const LINES = /\n+|\s*(?:\[\s*(?:…|\.{3})\s*\]|…+|\.{3,})\s*/;
const SENTENCES = /(?<=[.!?]["')\]]*)\s+|(?<=[。！？；][”’」』]*)/;

/** Takes in the marks at both ends, and all of a link that it begins or ends in. */
function widened(page: string, from: number, to: number): Span {
  let start = from;
  let end = to + (/[\ud800-\udbff]/.test(page[to - 1] ?? '') ? 1 : 0);
  while (from - start < MOST_MARKS && isMark(page[start - 1]) && !CLOSING.test(page[start - 1]!)) start -= 1;
  while (end - to < MOST_MARKS && isMark(page[end]) && !OPENING.test(page[end]!) && !page.startsWith('](', end))
    end += 1;
  const target = /^\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)[^\p{L}\p{N}\s]*/u.exec(page.slice(end, end + 3000));
  if (target) end += target[0].length;
  if (opensLate(page.slice(start, end))) {
    const open = page.lastIndexOf('[', start);
    if (open >= 0 && !page.slice(open, start).includes('\n')) start = open;
  }
  return { start, end };
}

/** Marks that belong to what stands before them, and to what comes after. */
const CLOSING = /[.,;:!?)\]}”’»」』】）。，、！？；：…]/;
const OPENING = /[([{“‘«「『【（¿¡]/;

const isMark = (character: string | undefined): boolean =>
  character !== undefined && /[^\p{L}\p{N}\s|]/u.test(character) && !/[\ud800-\udfff]/.test(character);

/** A link's end stands before any link's beginning. */
function opensLate(stretch: string): boolean {
  const closes = stretch.indexOf('](');
  const opens = stretch.indexOf('[');
  return closes >= 0 && (opens < 0 || opens > closes);
}
