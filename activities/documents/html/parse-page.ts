import { parseHTML } from 'linkedom';
import { parse, serialize } from 'parse5';
import type { DomDocument } from './dom.ts';
import { isWellFormed } from './well-formed.ts';

/** Runs of white space that no page has for its readers; the libraries take minutes over them. */
const LONG_SPACE = /(?:\s|&nbsp;|&#160;|&#xa0;){300,}/gi;

/**
 * The page's DOM. The parser of the DOM's library loses text where tags are not closed, nested as they should be, or
 * written out: such pages are first written anew as browsers understand them.
 */
export function parsePage(html: string): DomDocument {
  const shorter = html.replace(LONG_SPACE, (run) => (run.includes('\n') ? '\n' : ' '));
  const source = isWellFormed(shorter) ? shorter : asBrowsersRead(shorter);
  return parseHTML(source).document as unknown as DomDocument;
}

function asBrowsersRead(html: string): string {
  try {
    // Scripting off: the content of `noscript` is markup then, and not text.
    return serialize(parse(html, { scriptingEnabled: false }));
  } catch (error) {
    // Nested too deep to be written. The other parser takes it as it is.
    if (error instanceof RangeError) return html;
    throw error;
  }
}
