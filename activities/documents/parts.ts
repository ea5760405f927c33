/** Length of a part of a long document, in characters: about 5,000 tokens of English. */
const PART = 20_000;

/**
 * Cuts a long text into parts at the end of a paragraph or line. Put together, the parts are the text.
 *
 * @param before begins a line that is a better place to cut before, such as a page mark
 */
export function splitParts(text: string, { size = PART, before }: { size?: number; before?: string } = {}): string[] {
  const parts: string[] = [];
  let start = 0;
  while (text.length - start > size) {
    const window = text.slice(start, start + size);
    const places = [
      before === undefined ? 0 : window.lastIndexOf(`\n${before}`) + 1,
      ...['\n\n', '\n', ' '].map((mark) => endOfLast(window, mark)),
    ];
    // Both halves of a character beyond the basic plane stay together.
    const hard = /[\ud800-\udbff]$/.test(window) ? size - 1 : size;
    const end = places.find((place) => place > size * 0.6) ?? hard;
    parts.push(text.slice(start, start + end));
    start += end;
  }
  parts.push(text.slice(start));
  return parts;
}

function endOfLast(text: string, mark: string): number {
  const at = text.lastIndexOf(mark);
  return at < 0 ? 0 : at + mark.length;
}
