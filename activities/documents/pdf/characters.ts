/**
 * Radicals that have no compatibility mapping, and the characters that they stand for (Unicode's
 * EquivalentUnifiedIdeograph data). Only those that are whole characters in running text.
 */
const RADICALS =
  '⺠民⺎兀⻁虎⻄西⻅见⻆角⻉贝⻋车⻑長⻓长⻔门⻗雨⻘青⻙韦⻚页⻛风⻜飞⻝食⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻫斉⻬齐⻭歯⻮齿⻯竜⻰龙⻲亀';

const BY_RADICAL = new Map([...RADICALS].flatMap((radical, i, all) => (i % 2 === 0 ? [[radical, all[i + 1]!]] : [])));

/**
 * Puts ordinary characters in the place of look-alikes. Programs that print to PDF write one code for a glyph that two
 * characters share, and often pick the radical (`⽂`, `⻛`) or the ligature (`ﬁ`), which no search would find.
 */
export function ordinaryCharacters(text: string): string {
  return text
    .replace(/[\u2f00-\u2fd5\ufb00-\ufb06\u2e9f\u2ef3]/g, (character) => character.normalize('NFKC'))
    .replace(/[\u2e80-\u2eff]/g, (radical) => BY_RADICAL.get(radical) ?? radical);
}
