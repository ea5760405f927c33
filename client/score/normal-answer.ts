/** An answer as it is compared: see `docs/scores.md`. The rules hold for English and Chinese alike. */
export function normalAnswer(text: string): string {
  const plain = text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[‘’‛`´]/g, "'")
    .replace(/\b(?:a|an|the)\s+(?=\S)/g, ' ')
    // 1,234 is a number; other commas part words.
    .replace(/(?<=\d),(?=\d{3}(?!\d))/g, '')
    .replace(/(?<=\d)\.(?=\d)/g, '\u0000')
    .replace(/(?<![\p{L}\p{N}])[-−–](?=\d)/gu, '\u0001')
    .replace(/[\p{P}\p{S}]/gu, ' ')
    .replaceAll('\u0000', '.')
    .replaceAll('\u0001', '-');
  // Chinese is written without blanks, and sometimes with.
  return plain
    .replace(/\s+/g, ' ')
    .replace(/(?<=\p{Script=Han}) | (?=\p{Script=Han})/gu, '')
    .trim();
}

/** The number that an answer is, with its thousands, percent and currency signs left off; undefined where it is none. */
export function numberOf(text: string): number | undefined {
  const plain = text
    .normalize('NFKC')
    .trim()
    .replace(/^(?:[$€£¥₹]|us\$|rmb)\s*/i, '')
    .replace(/\s*(?:%|percent|[$€£¥₹元])$/i, '')
    .replace(/^[−–]/, '-');
  if (/^[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(plain)) return Number(plain.replaceAll(',', ''));
  if (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(plain)) return Number(plain);
  return chineseNumber(plain);
}

const DIGITS = '零一二三四五六七八九';
const UNITS: Record<string, number> = { 十: 10, 百: 100, 千: 1000 };
const GROUPS: Record<string, number> = { 万: 1e4, 亿: 1e8 };

/** 三百零五 is 305. */
function chineseNumber(text: string): number | undefined {
  const plain = text.replaceAll('〇', '零').replaceAll('两', '二').replaceAll('萬', '万').replaceAll('億', '亿');
  if (!/^[零一二三四五六七八九十百千万亿]+$/.test(plain)) return undefined;
  if (/^[零一二三四五六七八九]+$/.test(plain)) return Number([...plain].map((digit) => DIGITS.indexOf(digit)).join(''));
  let total = 0;
  let group = 0;
  let digit = 0;
  for (const [index, character] of [...plain].entries()) {
    if (DIGITS.includes(character)) digit = DIGITS.indexOf(character);
    else if (UNITS[character]) {
      // 十五 begins without its one.
      group += (digit || (index === 0 ? 1 : 0)) * UNITS[character];
      digit = 0;
    } else {
      const size = GROUPS[character] ?? 1;
      total = size === 1e8 ? (total + group + digit) * size : total + (group + digit) * size;
      group = digit = 0;
    }
  }
  return total + group + digit;
}
