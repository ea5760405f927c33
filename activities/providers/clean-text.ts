import { parseHTML } from 'linkedom';

const ATTRIBUTES = String.raw`(?:\s+[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+))*\s*\/?`;

const marks = (...names: string[]) => new RegExp(`</?(?:${names.join('|')})${ATTRIBUTES}>`, 'gi');

/** Marks that stand between words, so that their place must stay a gap. */
const BLOCK = marks('(?:jats:)?(?:p|br|div|li|ul|ol|h[1-6]|tr|td|table|title|sec|list|list-item)');

/** Marks inside words: those that search engines and publishers (JATS, MathML) put into titles and snippets. */
const INLINE = marks(
  String.raw`(?:jats|mml):[\w-]+`,
  'b|strong|i|em|u|s|span|a|sub|sup|mark|small|font|code|tt|wbr|bold|italic|scp|sc|inline-formula|alternatives',
  'math|m[ion]|mrow|msu[bp]|msubsup|mfrac|tex-math',
);

/**
 * Plain text of a title or snippet: known marks go, entities become characters, white space becomes single spaces.
 * Other angle brackets are text (`Vec<T>`, `a < b`) and stay.
 */
export function cleanText(markup: string | undefined): string {
  if (!markup) return '';
  const bare = markup
    .replace(/<!--.*?-->/gs, '')
    .replace(BLOCK, ' ')
    .replace(INLINE, '');
  return (bare.includes('&') ? decodeEntities(bare) : bare).replace(/\s+/g, ' ').trim();
}

function decodeEntities(text: string): string {
  const { document } = parseHTML(`<html><body>${text.replaceAll('<', '&lt;')}</body></html>`);
  return document.body.textContent ?? '';
}

/** The text's first words, for providers that refuse long queries. */
export function shorten(text: string, limits: { characters: number; words?: number }): string {
  const words = text.trim().split(/\s+/).slice(0, limits.words).join(' ');
  if (words.length <= limits.characters) return words;
  const cut = words.slice(0, limits.characters + 1);
  const lastGap = cut.lastIndexOf(' ');
  // Chinese and Japanese have no gaps; there the cut may fall anywhere but inside a surrogate pair.
  return (lastGap > limits.characters / 2 ? cut.slice(0, lastGap) : cut.slice(0, limits.characters)).replace(
    /[\uD800-\uDBFF]$/,
    '',
  );
}
