const BETWEEN = '\n\n';

/** Appends to one text that shows several parts: `begins` where a new part starts. */
export const appendPart = (joined: string, text: string, begins: boolean): string =>
  begins && joined !== '' && text !== '' ? `${joined}${BETWEEN}${text}` : joined + text;

/** The parts of a text that `appendPart` joined, by their lengths: what a history holds once is not held again. */
export function cutter(joined: string): (length: number) => string {
  let at = 0;
  return (length) => {
    if (length === 0) return '';
    const from = at === 0 ? 0 : at + BETWEEN.length;
    at = from + length;
    return joined.slice(from, at);
  };
}
