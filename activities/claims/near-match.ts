import { isUnspaced } from '../reading/normal-text.ts';

/** This share of a quotation's words, in their order, must stand close together in a text. */
const SHARE = 0.8;

/** Places in a text that are looked at closely. */
const MOST_PLACES = 6;

/** Texts in which a quotation may stand with a few words changed, left out or added; all of them normal texts. */
export function nearFinder(text: string): (quote: string) => boolean {
  const words = wordsOf(text);
  const pairs = new Map<string, number[]>();
  for (let i = 0; i + 1 < words.length; i++) {
    const pair = `${words[i]} ${words[i + 1]}`;
    const known = pairs.get(pair);
    if (known) known.push(i);
    else pairs.set(pair, [i]);
  }

  /** Where the quotation would begin by the pairs of words that it shares with the text, the likeliest first. */
  function placesOf(quote: string[]): number[] {
    const size = Math.max(4, Math.ceil(quote.length / 4));
    const votes = new Map<number, number>();
    for (let i = 0; i + 1 < quote.length; i++) {
      for (const at of pairs.get(`${quote[i]} ${quote[i + 1]}`) ?? []) {
        const place = Math.floor((at - i) / size);
        votes.set(place, (votes.get(place) ?? 0) + 1);
      }
    }
    const likely = [...votes].sort(([, a], [, b]) => b - a).slice(0, MOST_PLACES);
    return likely.map(([place]) => place * size);
  }

  return (given) => {
    const quote = wordsOf(given);
    const slack = Math.max(4, Math.ceil(quote.length * 0.3));
    return placesOf(quote).some((start) => {
      const part = words.slice(Math.max(0, start - slack), start + quote.length + 2 * slack);
      // A figure that is not there is another claim.
      if (quote.some((word) => /\p{N}/u.test(word) && !part.includes(word))) return false;
      return sharedInOrder(quote, part) >= SHARE * quote.length;
    });
  };
}

/** Words, and single characters of scripts without blanks. */
function wordsOf(normal: string): string[] {
  return normal.split(' ').flatMap((run) => {
    const words: string[] = [];
    let word = '';
    for (const character of run) {
      if (!isUnspaced(character)) {
        word += character;
        continue;
      }
      if (word) words.push(word);
      words.push(character);
      word = '';
    }
    return word ? [...words, word] : words;
  });
}

/** Length of the longest common subsequence. */
function sharedInOrder(a: readonly string[], b: readonly string[]): number {
  let above = new Uint16Array(b.length + 1);
  for (const word of a) {
    const row = new Uint16Array(b.length + 1);
    for (let j = 0; j < b.length; j++) row[j + 1] = word === b[j] ? above[j]! + 1 : Math.max(above[j + 1]!, row[j]!);
    above = row;
  }
  return above[b.length]!;
}
