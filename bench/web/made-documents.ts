import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** As many different words as an English encyclopaedia's common ones. */
const VOCABULARY = 50_000;

const SYLLABLES = 'ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu bra cle dri flo gru'.split(' ');

/** Random numbers from 0 to 1 that a seed repeats (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** The word of a rank; the most frequent is 0. */
export function word(rank: number): string {
  let text = '';
  for (let rest = rank + 25; rest > 0; rest = Math.floor(rest / SYLLABLES.length)) {
    text += SYLLABLES[rest % SYLLABLES.length];
  }
  return text;
}

/** A rank as frequent as in natural language: by Zipf's law the chance of rank r falls with 1/r. */
export const drawnRank = (random: () => number): number => Math.floor(VOCABULARY ** random()) - 1;

/**
 * Writes Markdown documents of 150 to 450 words with a title and sections, a hundred to a folder, always the same.
 * Resolves to their bytes.
 */
export function makeDocuments(folder: string, documents: number): number {
  const random = generator(7);
  const words = (count: number) => Array.from({ length: count }, () => word(drawnRank(random))).join(' ');
  let bytes = 0;
  for (let index = 0; index < documents; index++) {
    const inside = join(folder, `part-${String(Math.floor(index / 100)).padStart(4, '0')}`);
    if (index % 100 === 0) mkdirSync(inside, { recursive: true });
    const sections = Array.from({ length: 3 }, () => `## ${words(3)}\n\n${words(50 + Math.floor(random() * 100))}.`);
    const text = `# ${words(4)}\n\n${sections.join('\n\n')}\n`;
    bytes += text.length;
    writeFileSync(join(inside, `${words(2).replace(' ', '-')}-${index}.md`), text);
  }
  return bytes;
}
