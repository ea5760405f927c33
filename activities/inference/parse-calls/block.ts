import type { Call } from '../../../protocol/reply.ts';
import { readCodeSection } from './code-section.ts';
import { findCallEnd } from './find-close.ts';
import { codePlace, interpret, resolveTool, UNREADABLE } from './interpret.ts';
import { readLiteral } from './literal.ts';
import { matchFrom } from './literal-string.ts';
import { brokenJson, excerpt, unreadable } from './wording.ts';

export interface Block {
  calls: Call[];
  /** Index after the block's closing tag, or where the next call begins. */
  end: number;
}

/**
 * How many characters may still be read. Shared by a reply, since a broken call can be read past its end, and so the
 * same text several times.
 */
export interface Allowance {
  characters: number;
}

const SPACE = /\s*/y;
const HEADER_FENCE = /\s*```\w*\s*(?=[{[])/y;
const FENCE = /\s*```/y;
const BARE_CODE = /<(?:code|bash)>/iy;
/** Between the values of one block; a closing brace too many is a common slip. */
const BETWEEN = /[\s,}]*/y;
const TAG = /<\/?tool_call>/gi;
const NAME = /["']?name["']?\s*:\s*["']([^"'\n]{1,80})["']/;

/** Reads the value at `at`: first by the rules, then mended within the end of the call. */
function readHeader(text: string, at: number, available: readonly string[], allowance: Allowance) {
  if (allowance.characters <= 0) {
    const error = unreadable('there are too many broken calls before it');
    return { call: { name: UNREADABLE, arguments: {}, error }, end: text.length };
  }
  const strict = readLiteral(text.slice(at));
  allowance.characters -= strict.ok ? strict.end : strict.reached;
  if (strict.ok) return { value: strict.value, end: at + strict.end };
  const callEnd = findCallEnd(text, at);
  const within = text.slice(at, callEnd?.start);
  allowance.characters -= within.length;
  const mended = readLiteral(within, { repair: true, complete: callEnd !== undefined });
  if (mended.ok) return { value: mended.value, end: at + mended.end };
  const written = NAME.exec(within.slice(0, 400))?.[1] ?? UNREADABLE;
  const name = resolveTool(written, available) ?? written;
  const error = brokenJson(mended.fault, within, mended.at, name);
  const call: Call = { name, arguments: {}, error };
  return { call, end: callEnd?.end ?? text.length };
}

/** Closes the block at the first tag after what was read; a block in which nothing was read becomes a failed call. */
function closeBlock(text: string, at: number, calls: Call[]): Block {
  TAG.lastIndex = at;
  const tag = TAG.exec(text);
  const closes = tag?.[0].startsWith('</') ?? false;
  const end = tag ? tag.index + (closes ? tag[0].length : 0) : text.length;
  if (calls.length > 0) return { calls, end: tag ? end : at };
  const content = excerpt(text.slice(at, tag?.index));
  // One opening tag after another is a stutter, not a call.
  if (content === '' && tag && !closes) return { calls, end };
  const why = content === '' ? 'it is empty' : `it begins with ${content} where { is expected`;
  return { calls: [{ name: UNREADABLE, arguments: {}, error: unreadable(why) }], end };
}

/** Reads what stands after the `<tool_call>` that ends at `start`: one call, or several in a row or in a list. */
export function readBlock(text: string, start: number, available: readonly string[], allowance: Allowance): Block {
  const calls: Call[] = [];
  const fence = matchFrom(HEADER_FENCE, text, start);
  let at = start + (fence ?? matchFrom(SPACE, text, start)!)[0].length;
  for (;;) {
    let value: unknown;
    if (calls.length === 0 && matchFrom(BARE_CODE, text, at)) {
      value = { name: /bash/i.test(text.slice(at, at + 6)) ? 'bash' : 'PythonInterpreter' };
    } else if (text[at] === '{' || text[at] === '[') {
      const header = readHeader(text, at, available, allowance);
      at = header.end;
      if (header.call) return { calls: [...calls, header.call], end: at };
      value = header.value;
      if (fence) at += matchFrom(FENCE, text, at)?.[0].length ?? 0;
    } else break;
    const place = codePlace(value, available);
    const section = place === 'none' ? undefined : readCodeSection(text, at, place === 'after');
    at = section?.end ?? at;
    const code = section ? (section.code ?? null) : undefined;
    const values = Array.isArray(value) ? value : [value];
    for (const each of values) calls.push(interpret(each, code, available));
    if (values.length === 0) calls.push(interpret(value, code, available));
    at += matchFrom(BETWEEN, text, at)![0].length;
  }
  return closeBlock(text, at, calls);
}
