import { isFrameName } from './clutter.ts';
import { type DomElement, textOf } from './dom.ts';

const LONGEST = 160;

/** What is content and not a line. */
const OF_MORE = 'h1, h2, h3, h4, ul, ol, dl, table, pre, p + p';

const isLine = (element: DomElement): boolean =>
  !/^(?:ul|ol|dl|table|pre|footer|h[1-6])$/.test(element.localName) &&
  !element.querySelector(OF_MORE) &&
  !isFrameName(element);

const DATE =
  /\b(?:19|20)\d\d\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}|\b\d{1,2}[./]\s?\d{1,2}[./]\s?(?:19|20)\d\d\b|\b\d{1,2}\.? \p{L}{3,12} (?:19|20)\d\d\b|\b\p{L}{3,12} \d{1,2}, (?:19|20)\d\d\b/u;

/** The short line near a headline that has the date, and often the author and the source. Readers of articles drop it. */
export function dateline(heading: DomElement): string | undefined {
  for (let at: DomElement | null = heading, up = 0; at && up < 3; at = at.parentElement, up++) {
    let next = at.nextElementSibling;
    for (let seen = 0; next && seen < 4; next = next.nextElementSibling, seen++) {
      const text = textOf(next);
      if (text.length <= LONGEST && DATE.test(text) && isLine(next)) return text;
      if (text.length > LONGEST * 3) return undefined;
    }
    const beside = at.parentElement ? textOf(at.parentElement).length - textOf(at).length : 0;
    if (beside > LONGEST) return undefined;
  }
  return undefined;
}
