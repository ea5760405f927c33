const VOID = new Set('area base br col embed hr img input link meta param source track wbr'.split(' '));

/** Tags, and what may hold things that look like tags. */
const MARK =
  /<!--[\s\S]*?-->|<(script|style|textarea|title)\b[^>]*>[\s\S]*?<\/\1\s*>|<(\/?)([a-zA-Z][^\s/>]*)((?:"[^"]*"|'[^']*'|[^"'>])*)>/g;

/** Elements that a browser ends by itself where another begins, so that their end tags come too late. */
const ENDS_PARAGRAPH =
  /^(?:p|div|ul|ol|dl|table|h[1-6]|section|article|aside|header|footer|pre|blockquote|form|figure|hr)$/;

/**
 * Whether every tag is closed in its turn, as in XML, with `html`, `head` and `body` written out, in lower case: then
 * all parsers agree on what is in the page.
 */
export function isWellFormed(html: string): boolean {
  const open: string[] = [];
  const frame = new Set<string>();
  for (const [whole, , slash, name, attributes] of html.matchAll(MARK)) {
    if (name === undefined) continue;
    if (/[A-Z]/.test(name) || /\s[A-Z]+\s*=/.test(attributes ?? '')) return false;
    if (slash) {
      if (open.pop() !== name) return false;
      continue;
    }
    if (name === 'html' || name === 'head' || name === 'body') frame.add(name);
    if (ENDS_PARAGRAPH.test(name) && open.at(-1) === 'p') return false;
    if (!VOID.has(name) && !whole.endsWith('/>')) open.push(name);
  }
  return open.length === 0 && frame.size === 3;
}
