import { matchFrom } from './literal-string.ts';

/** How a stretch of text that begins with `<code>`, `<bash>` or a fence ends. */
export type CodeTag = 'code' | 'bash' | 'fence';

export interface Span {
  /** Index of the first character after the content. */
  start: number;
  /** Index after the closing tag. */
  end: number;
}

/** A tool call that surely begins here, and is not only spoken of. */
const CALL = '<tool_call>(?=\\s*(?:[{[`]|<(?:code|bash)>))';
const NEXT_IN_CALL = new RegExp(`(?<callEnd></tool_call>)|${CALL}`, 'gi');
const NEXT_IN_CODE: Record<CodeTag, RegExp> = {
  code: new RegExp(`(?<closing></code>)|(?<opening><code>)|(?<callEnd></tool_call>)|${CALL}`, 'gi'),
  bash: new RegExp(`(?<closing></bash>)|(?<opening><bash>)|(?<callEnd></tool_call>)|${CALL}`, 'gi'),
  fence: new RegExp(`(?<closing>\`\`\`)|(?<callEnd></tool_call>)|${CALL}`, 'gi'),
};
/** What can stand after a call's content: a tag of a call, another call in the same block, or the end. */
const ENDS_BLOCK = /\s*(?:<\/?tool_call>|\{\s*["']name["']|$)/iy;

const endsBlock = (text: string, at: number): boolean => matchFrom(ENDS_BLOCK, text, at) !== null;

/**
 * The end of a call's content that could not be read: its `</tool_call>`, or the next call's beginning. Prefers a
 * closing tag with nothing but a tag or the end after it, since another may be quoted in the content. `undefined` if
 * the text ends before.
 */
export function findCallEnd(text: string, from: number): Span | undefined {
  let first: Span | undefined;
  for (let match = matchFrom(NEXT_IN_CALL, text, from); match; match = NEXT_IN_CALL.exec(text)) {
    if (!match.groups?.callEnd) return first ?? { start: match.index, end: match.index };
    const span = { start: match.index, end: match.index + match[0].length };
    if (endsBlock(text, span.end)) return span;
    first ??= span;
  }
  return first;
}

/**
 * The end of code that begins at `from`. The closing tag decides, whatever else the code quotes: the first one with
 * the end of the call right after it, else the last one before `</tool_call>`. If the next call opens code of its own
 * before any closing tag, or there is none, the tag was forgotten, and `</tool_call>` ends the code if it stands at
 * the end of the call. `undefined` if the code has no end: it was cut off, or which part is code cannot be told.
 */
export function findCodeEnd(text: string, from: number, tag: CodeTag): Span | undefined {
  let closed: Span | undefined;
  let forgotten: Span | undefined;
  let settled = false;
  let nextCall = false;
  const next = NEXT_IN_CODE[tag];
  for (let match = matchFrom(next, text, from); match; match = next.exec(text)) {
    const span = { start: match.index, end: match.index + match[0].length };
    const { closing, opening, callEnd } = match.groups ?? {};
    const ends = !opening && endsBlock(text, span.end);
    if (closing && ends) return span;
    // A fence's opening and closing look alike.
    if (nextCall && (opening || (closing && tag === 'fence'))) break;
    if (closing && !settled) closed = span;
    if (callEnd) {
      settled ||= closed !== undefined;
      if (ends && !nextCall) forgotten = span;
    }
    const begins = !closing && !opening && !callEnd;
    if (begins && closed) break;
    nextCall ||= begins;
  }
  return closed ?? forgotten;
}
