/** Words of texts, the same for questions and documents, in any language. */

const CJK = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}`;
const PIECE = new RegExp(
  `(?<cjk>[${CJK}々ー]+)|(?<word>[[\\p{L}\\p{N}\\p{M}_$]--[${CJK}ー]]+(?:['’.\\-][[\\p{L}\\p{N}\\p{M}_$]--[${CJK}ー]]+)*)`,
  'gv',
);

export const isChinese = (text: string): boolean => {
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  return han >= 2 && !/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(text);
};

/** `bodyTimeout` → body, timeout; `max_tokens` → max, tokens; `300e3` stays whole. */
export function partsOf(word: string): string[] {
  const parts = word
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .split(/[\s_$.-]+/)
    .filter((part) => part !== '');
  return parts.length > 0 ? parts : [word];
}

/** Lower case, without the plural and the commonest endings. Crude, but the same on both sides. */
export function stem(word: string): string {
  const lower = word.toLowerCase().replace(/['’]s$/, '');
  if (!/^[a-z]{4,}$/.test(lower)) return lower;
  if (lower.endsWith('ies') && lower.length > 4) return `${lower.slice(0, -3)}y`;
  if (/(?:sh|ch|x|ss)es$/.test(lower)) return lower.slice(0, -2);
  if (/[^su]s$/.test(lower) && !lower.endsWith('is')) return lower.slice(0, -1);
  if (lower.endsWith('ing') && lower.length > 6) return lower.slice(0, -3);
  if (lower.endsWith('ed') && lower.length > 5) return lower.slice(0, -2);
  return lower;
}

export const bigrams = (run: string): string[] => {
  const chars = [...run];
  return chars.length < 2 ? chars : chars.slice(1).map((char, index) => `${chars[index]}${char}`);
};

/** A text ready to be compared. */
export interface Analysis {
  /** Stems in order, identifiers taken apart, CJK as bigrams. */
  sequence: string[];
  /** The same, and identifiers as one word. */
  set: Set<string>;
}

export function analyse(text: string): Analysis {
  const sequence: string[] = [];
  const set = new Set<string>();
  for (const { groups } of text.matchAll(PIECE)) {
    const run = groups?.cjk;
    const word = groups?.word ?? '';
    const stems = run ? bigrams(run) : partsOf(word).map(stem);
    sequence.push(...stems);
    for (const item of stems) set.add(item);
    if (!run && stems.length > 1) set.add(stems.join(''));
  }
  return { sequence, set };
}

/** Words as they stand, for questions: CJK runs and words, in order. */
export const pieces = (text: string): { text: string; cjk: boolean }[] =>
  [...text.matchAll(PIECE)].map(({ groups, 0: whole }) => ({ text: whole, cjk: groups?.cjk !== undefined }));
