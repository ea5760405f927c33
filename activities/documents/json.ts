/** Longer lines are hard to read and to cut into passages, in characters. */
const LONG_LINE = 500;

/** Larger texts stay as they are: their tokens would take much memory. In characters. */
const MAX_LAYOUT = 10_000_000;

/**
 * Lays out JSON that stands on very long lines, two spaces a level. Works on the tokens, so numbers and strings stay
 * as written (parsing would round large numbers) and broken JSON passes too. Other JSON stays as it is.
 */
export function layoutJson(text: string): string {
  if (text.length > MAX_LAYOUT || !text.split('\n').some((line) => line.length > LONG_LINE)) return text;
  let depth = 0;
  let out = '';
  const newLine = () => `\n${'  '.repeat(Math.min(depth, 50))}`;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"?|[{}[\],:]|[^\s{}[\],:"]+|\n/g) ?? [];
  for (const [i, token] of tokens.entries()) {
    if (token === '\n') {
      // One value a line: the layout of JSON Lines is kept between values.
      if (depth === 0 && !out.endsWith('\n')) out += '\n';
    } else if (token === '{' || token === '[') {
      depth++;
      out += isClosing(tokens[i + 1]) ? token : token + newLine();
    } else if (isClosing(token)) {
      depth = Math.max(0, depth - 1);
      out += isOpening(tokens[i - 1]) ? token : newLine() + token;
    } else if (token === ',') {
      out += token + newLine();
    } else {
      out += token === ':' ? ': ' : token;
    }
  }
  return out;
}

const isOpening = (token?: string): boolean => token === '{' || token === '[';
const isClosing = (token?: string): boolean => token === '}' || token === ']';
