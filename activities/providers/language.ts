/** The language of a query and, where one country is the likely home of its readers, that country. */
export interface QueryLanguage {
  /** ISO 639-1 code. */
  language: string;
  /** ISO 3166-1 code in capitals. */
  region?: string;
}

/** Scripts that mostly one language, or one language of many readers, is written in. */
const SCRIPTS: [script: RegExp, answer: QueryLanguage][] = [
  [/\p{Script=Hangul}/gu, { language: 'ko', region: 'KR' }],
  [/\p{Script=Cyrillic}/gu, { language: 'ru', region: 'RU' }],
  [/\p{Script=Arabic}/gu, { language: 'ar' }],
  [/\p{Script=Hebrew}/gu, { language: 'he', region: 'IL' }],
  [/\p{Script=Greek}/gu, { language: 'el', region: 'GR' }],
  [/\p{Script=Thai}/gu, { language: 'th', region: 'TH' }],
  [/\p{Script=Devanagari}/gu, { language: 'hi', region: 'IN' }],
  [/\p{Script=Bengali}/gu, { language: 'bn' }],
  [/\p{Script=Tamil}/gu, { language: 'ta', region: 'IN' }],
  [/\p{Script=Telugu}/gu, { language: 'te', region: 'IN' }],
  [/\p{Script=Kannada}/gu, { language: 'kn', region: 'IN' }],
  [/\p{Script=Malayalam}/gu, { language: 'ml', region: 'IN' }],
  [/\p{Script=Gujarati}/gu, { language: 'gu', region: 'IN' }],
  [/\p{Script=Gurmukhi}/gu, { language: 'pa', region: 'IN' }],
  [/\p{Script=Georgian}/gu, { language: 'ka', region: 'GE' }],
  [/\p{Script=Armenian}/gu, { language: 'hy', region: 'AM' }],
];

/** Letters that tell a script's other languages from its first one. */
const TELLING_LETTERS: Record<string, [letters: RegExp, answer: QueryLanguage][]> = {
  ru: [[/[іїєґ]/iu, { language: 'uk', region: 'UA' }]],
  ar: [
    [/[ٹڈڑںے]/u, { language: 'ur' }],
    [/[پچژگ]/u, { language: 'fa', region: 'IR' }],
  ],
};

/** Common characters that only the traditional script has. */
const TRADITIONAL = /[個們這來對時會說為國學與發經過開問關實現點體當應產業電機灣麼還嗎萬歲師書長門見車馬東風雲龍]/u;

/** A Chinese word has about two characters, an English one about five letters. */
const HAN_WORD = 2;
const LETTER_WORD = 5;

/** Names, products and units in Latin letters stand in queries of all languages, so other scripts weigh more. */
const OTHER_SCRIPT_WEIGHT = 2;

/**
 * The language that a query's script tells; `en` for Latin letters and for queries without letters. A Japanese query
 * without kana is taken for Chinese: its characters are the same.
 */
export function languageOf(text: string): QueryLanguage {
  // Greek letters in names (β-catenin, Ω) are no Greek text, so one letter alone does not count.
  const words = (letters: RegExp, perWord: number) => {
    const count = text.match(letters)?.length ?? 0;
    return perWord === LETTER_WORD && count < 2 ? 0 : count / perWord;
  };
  const kana = words(/[\p{Script=Hiragana}\p{Script=Katakana}]/gu, HAN_WORD);
  const han = words(/\p{Script=Han}/gu, HAN_WORD);
  const east: QueryLanguage = kana > 0 ? { language: 'ja', region: 'JP' } : chinese(text);
  const candidates: [number, QueryLanguage][] = [
    [han + kana, east],
    ...SCRIPTS.map(([letters, answer]): [number, QueryLanguage] => [words(letters, perWordOf(answer)), answer]),
  ];
  const [weight, best] = candidates.reduce((a, b) => (b[0] > a[0] ? b : a));
  const latin = words(/\p{Script=Latin}/gu, LETTER_WORD);
  if (weight === 0 || weight * OTHER_SCRIPT_WEIGHT < latin) return { language: 'en' };
  const told = TELLING_LETTERS[best.language]?.find(([letters]) => letters.test(text));
  return { ...(told ? told[1] : best) };
}

const chinese = (text: string): QueryLanguage => ({ language: 'zh', region: TRADITIONAL.test(text) ? 'TW' : 'CN' });

/** A Hangul character is a syllable. */
const perWordOf = (answer: QueryLanguage) => (answer.language === 'ko' ? HAN_WORD : LETTER_WORD);
