import { stripVTControlCharacters } from 'node:util';

/** Text from models and pages made harmless for a terminal: no escape sequences, control or direction characters. */
export function clean(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\r\n?/g, '\n')
    .replaceAll('\t', '  ')
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '');
}

/** The same as one line. */
export const cleanLine = (text: string): string => clean(text).replace(/\s+/g, ' ').trim();

const NONE = /^[\p{M}\p{Cf}]$/u;
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1faff}\u{20000}-\u{3fffd}]$|^\p{Emoji_Presentation}$/u;

/** Columns that a clean text takes on a terminal: two for Chinese, Japanese, Korean and emoji. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

function columnsOf(character: string): number {
  if (character < '\u0300') return 1;
  return NONE.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
}

/** A line cut to `columns`, with an ellipsis where something is missing. */
export function truncate(line: string, columns: number): string {
  if (line.length <= columns && widthOf(line) <= columns) return line;
  let kept = '';
  let width = 0;
  let whole = true;
  for (const character of line) {
    width += columnsOf(character);
    if (width > columns) {
      whole = false;
      break;
    }
    if (width < columns) kept += character;
  }
  if (whole) return line;
  return columns > 0 ? `${kept}…` : '';
}

/** Lines of at most `columns`, broken at blanks where there are any and between wide characters. */
export function wrap(text: string, columns: number): string[] {
  return text.split('\n').flatMap((line) => wrapLine(line, columns));
}

function wrapLine(line: string, columns: number): string[] {
  const lines: string[] = [];
  let current = '';
  let width = 0;
  for (const word of line.match(/\s+|[^\s\u2e80-\uffff]+|[\s\S]/gu) ?? []) {
    const size = widthOf(word);
    if (width + size > columns) {
      // An indentation with no room for its word is dropped.
      if (current.trim() !== '') lines.push(current.trimEnd());
      current = '';
      width = 0;
      if (/^\s/.test(word)) continue;
    }
    if (size <= columns) {
      current += word;
      width += size;
      continue;
    }
    // A word longer than a line, such as a URL, is cut.
    for (const character of word) {
      const columnsNeeded = columnsOf(character);
      if (width + columnsNeeded > columns) {
        lines.push(current);
        current = '';
        width = 0;
      }
      current += character;
      width += columnsNeeded;
    }
  }
  lines.push(current.trimEnd());
  return lines;
}
