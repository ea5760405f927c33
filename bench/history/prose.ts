const WORDS =
  'the harbour keeps a record of every tide and lamp that was lit there since spring when keepers wrote “twice a day” in their books, with times, heights and names; later tables differ by an hour or less'.split(
    ' ',
  );

/** Text of so many characters: sentences in paragraphs, different for each seed, the same for the same one. */
export function prose(seed: number, characters: number): string {
  let state = seed + 1;
  let text = '';
  for (let count = 1; text.length < characters; count += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    const word = WORDS[(state >>> 8) % WORDS.length];
    text += count % 80 === 0 ? `${word}.\n\n` : count % 13 === 0 ? `${word}. ` : `${word} `;
  }
  return text.slice(0, characters);
}
