import { matchFrom, readString, type StringPlace, Unreadable } from './literal-string.ts';

export type Literal =
  | { ok: true; value: unknown; end: number }
  /** `at` is the place of the fault, `reached` the index up to which the text was looked at. */
  | { ok: false; fault: string; at: number; reached: number };

export interface LiteralOptions {
  /** Also mend unescaped quotes and, where `complete`, missing closing brackets at the end. Default false. */
  repair?: boolean;
  /** The text is known not to be cut off. Default false. */
  complete?: boolean;
}

interface Cursor {
  source: string;
  at: number;
  depth: number;
  repair: boolean;
  mayEndOpen: boolean;
}

/** Far deeper than any tool's arguments, far from the end of the stack. */
const MAX_DEPTH = 100;

const SPACE = /\s*/y;
const NUMBER = /[+-]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?/iy;
const WORD = /-?[A-Za-z]+/y;
const BARE_KEY = /[\w$.-]+/y;
const END = /<\/?(?:code|bash|tool_call)>|```|$/iy;

const WORDS = new Map<string, unknown>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['null', null],
  ['None', null],
  // JSON has no place for them, and Python's json module writes them all the same.
  ['NaN', null],
  ['Infinity', null],
  ['-Infinity', null],
]);

/**
 * Reads the value that begins `source`: JSON, a Python literal (single or triple quotes, True/False/None, tuples,
 * trailing commas) or a mix of both. Valid JSON gives what `JSON.parse` gives, except that `__proto__` keys are left
 * out. `end` is the index after the value; what follows it is not looked at. Never throws.
 */
export function readLiteral(source: string, { repair = false, complete = false }: LiteralOptions = {}): Literal {
  const cursor: Cursor = { source, at: 0, depth: 0, repair, mayEndOpen: repair && complete };
  try {
    const value = readValue(cursor, 'whole');
    return { ok: true, value, end: cursor.at };
  } catch (error) {
    if (error instanceof Unreadable) {
      return { ok: false, fault: error.fault, at: error.at, reached: error.reached };
    }
    throw error;
  }
}

function readValue(cursor: Cursor, place: StringPlace): unknown {
  skipSpace(cursor);
  const { source, at } = cursor;
  const char = source[at];
  if (char === '{') return nested(cursor, readObject);
  if (char === '[') return nested(cursor, (inner) => readItems(inner, ']').items);
  if (char === '(') return nested(cursor, readTuple);
  const text = readString(source, at, place, cursor.repair);
  if (text) {
    cursor.at = text.end;
    return text.value;
  }
  const number = matchFrom(NUMBER, source, at);
  if (number) {
    cursor.at += number[0].length;
    return Number(number[0].replaceAll('_', ''));
  }
  const word = matchFrom(WORD, source, at)?.[0] ?? '';
  if (!WORDS.has(word)) throw new Unreadable('a value is missing or not quoted', at);
  cursor.at += word.length;
  return WORDS.get(word);
}

function nested<T>(cursor: Cursor, read: (cursor: Cursor) => T): T {
  if (cursor.depth === MAX_DEPTH) throw new Unreadable(`it is nested more than ${MAX_DEPTH} levels deep`, cursor.at);
  cursor.depth += 1;
  cursor.at += 1;
  const value = read(cursor);
  cursor.depth -= 1;
  return value;
}

function readObject(cursor: Cursor): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  while (!closes(cursor, '}')) {
    const key = readKey(cursor);
    skipSpace(cursor);
    if (cursor.source[cursor.at] !== ':') throw new Unreadable('a colon is missing after a key', cursor.at);
    cursor.at += 1;
    const value = readValue(cursor, 'entry');
    // Assigning to this key would exchange the object's prototype.
    if (key !== '__proto__') result[key] = value;
    skipComma(cursor, '}');
  }
  return result;
}

function readKey(cursor: Cursor): string {
  const quoted = readString(cursor.source, cursor.at, 'key', cursor.repair);
  if (quoted) {
    cursor.at = quoted.end;
    return quoted.value;
  }
  const bare = matchFrom(BARE_KEY, cursor.source, cursor.at);
  if (!bare) throw new Unreadable('a key or a closing brace is missing', cursor.at);
  cursor.at += bare[0].length;
  return bare[0];
}

function readItems(cursor: Cursor, closer: ']' | ')'): { items: unknown[]; commas: number } {
  const items: unknown[] = [];
  let commas = 0;
  while (!closes(cursor, closer)) {
    items.push(readValue(cursor, 'item'));
    if (skipComma(cursor, closer)) commas += 1;
  }
  return { items, commas };
}

/** As in Python, parentheses around one value without a comma are no tuple. */
function readTuple(cursor: Cursor): unknown {
  const { items, commas } = readItems(cursor, ')');
  return items.length === 1 && commas === 0 ? items[0] : items;
}

function skipSpace(cursor: Cursor): void {
  cursor.at += matchFrom(SPACE, cursor.source, cursor.at)![0].length;
}

/** Steps over the closing bracket if it is there, or may be taken as there. */
function closes(cursor: Cursor, closer: string): boolean {
  skipSpace(cursor);
  const char = cursor.source[cursor.at];
  if (char === closer) {
    cursor.at += 1;
    return true;
  }
  // A list inside an object that ends with the object: only its bracket can be missing.
  if (cursor.repair && char === '}' && closer === ']' && cursor.depth > 1) return true;
  if (cursor.mayEndOpen && matchFrom(END, cursor.source, cursor.at)) return true;
  if (char === undefined) throw new Unreadable(`it ends before its closing ${closer}`, cursor.at);
  return false;
}

function skipComma(cursor: Cursor, closer: string): boolean {
  skipSpace(cursor);
  const char = cursor.source[cursor.at];
  if (char === ',') {
    cursor.at += 1;
    return true;
  }
  const ends = char === undefined || char === closer || (cursor.repair && /[}<`]/.test(char));
  if (!ends) throw new Unreadable(`a comma or a closing ${closer} is missing`, cursor.at);
  return false;
}
