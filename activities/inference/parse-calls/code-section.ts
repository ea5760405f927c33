import { type CodeTag, findCallEnd, findCodeEnd } from './find-close.ts';
import { matchFrom } from './literal-string.ts';

export interface CodeSection {
  tag: CodeTag;
  /** Absent if the section has no end. */
  code?: string;
  end: number;
}

const TAG = /\s*<(code|bash)>/iy;
const TAG_AFTER_CALL = /\s*(?:<\/tool_call>\s*)?<(code|bash)>/iy;
const FENCE = /\s*```(?:[\w+-]*[ \t]*(?=\r?\n))?/y;
const WHOLE_FENCE = /^\s*```[\w+-]*[ \t]*\r?\n([\s\S]*)```\s*$/;

/** Removes one line break from either end and nothing else; a CR before the last LF goes unless the first had none. */
function withoutOuterBreaks(code: string): string {
  const plain = code.startsWith('\n');
  return code.replace(/^\r?\n/, '').replace(plain ? /\n$/ : /\r?\n$/, '');
}

/** Code is taken as written, unless a fence wraps all of it, which no Python or shell code can begin with. */
export function unfence(code: string): string {
  const fenced = code.includes('```') ? WHOLE_FENCE.exec(code) : null;
  return fenced ? withoutOuterBreaks(fenced[1]!) : code;
}

/**
 * Reads the `<code>…</code>`, `<bash>…</bash>` or fence that begins at `at` after any white space. With `afterCall`
 * the call's closing tag may stand before the code instead of after it.
 */
export function readCodeSection(text: string, at: number, afterCall: boolean): CodeSection | undefined {
  const tagged = matchFrom(afterCall ? TAG_AFTER_CALL : TAG, text, at);
  const opening = tagged ?? matchFrom(FENCE, text, at);
  if (!opening) return undefined;
  const tag = (tagged?.[1]?.toLowerCase() ?? 'fence') as CodeTag;
  const from = at + opening[0].length;
  const span = findCodeEnd(text, from, tag);
  if (!span) return { tag, end: findCallEnd(text, from)?.end ?? text.length };
  return { tag, code: unfence(withoutOuterBreaks(text.slice(from, span.start))), end: span.end };
}
