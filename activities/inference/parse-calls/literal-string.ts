/** What stands around a string decides which of its quotes can close it. */
export type StringPlace = 'key' | 'entry' | 'item' | 'whole';

export interface StringReading {
  value: string;
  /** Index after the closing quote. */
  end: number;
}

/**
 * Thrown inside the reader and caught at its entry: what is wrong with the text, where, and how far it was read. No
 * `Error`, since recording the stack would take most of the time of a reply that is full of broken calls.
 */
export class Unreadable {
  readonly fault: string;
  readonly at: number;
  readonly reached: number;
  constructor(fault: string, at: number, reached = at) {
    this.fault = fault;
    this.at = at;
    this.reached = reached;
  }
}

const OPENING = /([rRbBuU]{0,2})("""|'''|"|')/y;

/** Texts that end a value where brackets are missing. */
const END = '<\\/?(?:code|bash|tool_call)>|```|$';
const CLOSED = `\\s*(?:[,}\\]]|${END})`;
const FOLLOWS: Record<StringPlace, RegExp> = {
  key: /\s*:/y,
  entry: new RegExp(`\\s*(?:,\\s*(?:(["'])[^"'\\n]{0,64}\\1\\s*:|\\})|\\}${CLOSED}|${END})`, 'iy'),
  item: new RegExp(`\\s*(?:,\\s*[\\]})"'{[(\\d]|[\\]})]${CLOSED}|${END})`, 'iy'),
  whole: new RegExp(`\\s*(?:${END})`, 'iy'),
};
/** What can stop the scan of a string, by its quote. */
const STOPS = new Map(['"', "'", '"""', "'''"].map((quote) => [quote, new RegExp(`\\\\|${quote}`, 'g')]));
const ANOTHER_QUOTE = /\s*["']/y;

const SIMPLE_ESCAPES: Record<string, string> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  '/': '/',
  '"': '"',
  "'": "'",
};
const CODE_ESCAPE = /u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|U([0-9a-fA-F]{8})/y;

/** The match of a sticky pattern at `at`, or the first match of a global pattern from there on. */
export function matchFrom(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(source);
}

/**
 * Reads the escape whose backslash stands at `at`. What neither JSON nor Python's `repr` writes stays as it is, for
 * then the backslash is the model's own: a regular expression, LaTeX, a Windows path.
 */
function readEscape(source: string, at: number): StringReading {
  const simple = SIMPLE_ESCAPES[source.charAt(at + 1)];
  if (simple !== undefined) return { value: simple, end: at + 2 };
  const coded = matchFrom(CODE_ESCAPE, source, at + 1);
  const digits = coded?.[1] ?? coded?.[2] ?? coded?.[3];
  const point = digits === undefined ? Number.NaN : Number.parseInt(digits, 16);
  if (coded && point <= 0x10ffff) return { value: String.fromCodePoint(point), end: at + 1 + coded[0].length };
  return { value: source.slice(at, at + 2), end: at + 2 };
}

function closesHere(source: string, after: number, place: StringPlace): boolean {
  if (matchFrom(FOLLOWS[place], source, after)) return true;
  if (matchFrom(ANOTHER_QUOTE, source, after))
    throw new Unreadable('a quote inside a string is not escaped or a comma is missing', after - 1);
  return false;
}

/**
 * Reads the JSON or Python string at `at`; `undefined` if none begins there. Line breaks may stand in it unescaped.
 * With `repair` a quote closes a one-quote string only if what follows can follow the string in its place, so that
 * unescaped quotes inside are kept; two quotes in a row stay an error, for they can be meant in several ways.
 */
export function readString(source: string, at: number, place: StringPlace, repair: boolean): StringReading | undefined {
  const opening = matchFrom(OPENING, source, at);
  if (!opening) return undefined;
  const quote = opening[2]!;
  const raw = /r/i.test(opening[1]!);
  const stop = STOPS.get(quote)!;
  const parts: string[] = [];
  let from = at + opening[0].length;
  let search = from;
  for (let match = matchFrom(stop, source, search); match; match = matchFrom(stop, source, search)) {
    if (match[0] === '\\') {
      const escaped = raw
        ? { value: source.slice(match.index, match.index + 2), end: match.index + 2 }
        : readEscape(source, match.index);
      parts.push(source.slice(from, match.index), escaped.value);
      from = search = escaped.end;
      continue;
    }
    const end = match.index + quote.length;
    if (!repair || quote.length > 1 || closesHere(source, end, place)) {
      parts.push(source.slice(from, match.index));
      return { value: parts.join(''), end };
    }
    search = end;
  }
  throw new Unreadable('a string is not closed', at, source.length);
}
