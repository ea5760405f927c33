import type { Evidence } from './evidence.ts';
import { splitPassages } from './passages.ts';
import type { Question, Term, Want } from './question.ts';
import { type Analysis, analyse } from './terms.ts';

/** A passage with how well it answers. */
export interface Ranked {
  text: string;
  source: string;
  score: number;
  /** Terms that the passage itself or its heading holds. */
  covered: Set<Term>;
  /** Terms that its document's title or address holds. */
  titled: Set<Term>;
  /** Of the covered terms the one that tells most: the rarest among all passages. */
  key: Term | undefined;
}

/** How much a term counts by where it stands. */
const IN_PASSAGE = 1;
const IN_HEADING = 0.6;
const IN_TITLE = 0.45;

const MEETS: Record<Want, { pattern: RegExp; bonus: number }> = {
  default: { pattern: /(?:\bdefaults?\b|默认|缺省|预设).{0,40}(?:\d|`|true|false|null|none|"|“|为|是)/i, bonus: 0.25 },
  amount: { pattern: /(?<!\p{L})\d|[一二三四五六七八九十百千万亿两]/u, bonus: 0.2 },
  time: {
    pattern:
      /\b(?:1\d{3}|20\d\d)\b|\d{1,2}:\d\d|\d\s*[年月日号]|\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b/,
    bonus: 0.2,
  },
  person: { pattern: /\p{Lu}\p{Ll}+\s\p{Lu}|由.{1,12}[创写著建发]|\p{Script=Han}{2,4}[（(，、]/u, bonus: 0.1 },
  setting: { pattern: /`[^`]+`|\boptions?\b|\bset\b|\bpass\b|设置|配置|选项|参数/i, bonus: 0.1 },
  definition: { pattern: /\b(?:is|are|means|refers to)\b|是|指|称为/, bonus: 0.05 },
  reason: {
    pattern: /\bbecause\b|\bsince\b|\bdue to\b|\bso that\b|\bin order to\b|因为|由于|为了|原因|因此/i,
    bonus: 0.2,
  },
};

/** Without a passage of this kind the question is open; the others only help to choose. */
const DECISIVE = new Set<Want>(['default', 'amount', 'time', 'reason']);

/** A rare word counts at most this much more: what was searched for is common among what was found. */
const RAREST = 1;

/** A program's text seldom answers what its documentation also says. */
const PROGRAM = /\.(?:[cm]?[jt]sx?|go|py|rs|c|cc|cpp|h|hpp|java|rb|sh|pl|php|cs|swift|kt)$/i;

/** Passages that hold anything of the question, best first. The order of equals is that of the evidence. */
export function rank(question: Question, evidence: readonly Evidence[]): Ranked[] {
  const candidates = evidence.flatMap((item) => {
    const title = analyse(`${item.title} ${item.source}`);
    return splitPassages(item.text).map((passage) => {
      return { item, title, passage, words: analyse(passage.text), heading: analyse(passage.heading) };
    });
  });
  const weights = new Map(
    question.terms.map((term) => {
      const holders = candidates.filter(({ words }) => holds(words, term)).length;
      return [term, term.weight * Math.min(RAREST, Math.log(1 + (candidates.length + 1) / (holders + 1)))];
    }),
  );
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0) || 1;

  const ranked = candidates.map(({ item, title, passage, words, heading }): Ranked => {
    const covered = new Set<Term>();
    const titled = new Set<Term>();
    let key: Term | undefined;
    let score = 0;
    for (const [term, weight] of weights) {
      const inTitle = holds(title, term);
      const share = holds(words, term) ? IN_PASSAGE : holds(heading, term) ? IN_HEADING : inTitle ? IN_TITLE : 0;
      if (inTitle) titled.add(term);
      if (share > IN_TITLE) {
        covered.add(term);
        if (key === undefined || weight > (weights.get(key) ?? 0)) key = term;
      }
      score += (share * weight) / total;
    }
    if (score > 0) {
      score += phraseBonus(question, words);
      for (const want of question.wants) if (MEETS[want].pattern.test(passage.text)) score += MEETS[want].bonus;
    }
    return {
      text: passage.text,
      source: item.source,
      covered,
      titled,
      key,
      score: score * item.trust * shape(passage) * (PROGRAM.test(item.source) ? 0.75 : 1),
    };
  });
  return ranked.filter(({ covered }) => covered.size > 0).sort((a, b) => b.score - a.score);
}

const holds = ({ set }: Analysis, { stems }: Term): boolean =>
  set.has(stems.join('')) || (stems.length > 0 && share(stems, set) >= 0.75);

const share = (stems: readonly string[], set: Set<string>): number =>
  stems.filter((item) => set.has(item)).length / stems.length;

/** Words that stand together in the question do so in what answers it, most of all at the start of a list item. */
function phraseBonus({ phrases }: Question, { sequence }: Analysis): number {
  let best = 0;
  for (const [left, right] of phrases) {
    const at = sequence.findIndex((item, index) => item === left && sequence[index + 1] === right);
    if (at >= 0) best = Math.max(best, at === 0 ? 0.4 : 0.2);
  }
  return best;
}

/** Long passages say less for their length, very short ones and code seldom answer. */
function shape({ text, kind }: { text: string; kind: string }): number {
  const isChinese = /\p{Script=Han}/u.test(text);
  const length = isChinese ? text.length * 3 : text.length;
  return (kind === 'code' ? 0.6 : 1) * (length < 25 ? 0.7 : length > 450 ? 0.9 : length > 250 ? 0.97 : 1);
}

const MOST_QUOTES = 3;
/** A further passage must score this share of the best. */
const WORTH_QUOTING = 0.6;

/** The passages to quote: the best, then good ones that speak of the same in other sources, or cover what is open. */
export function choose(ranked: readonly Ranked[]): Ranked[] {
  const [best] = ranked;
  if (!best) return [];
  const chosen = [best];
  for (const candidate of ranked.slice(1)) {
    if (chosen.length === MOST_QUOTES || candidate.score < best.score * WORTH_QUOTING) break;
    const repeats = chosen.some(({ text }) => text.includes(candidate.text) || candidate.text.includes(text));
    const addsTerm = [...candidate.covered].some(
      (term) => term.weight >= 1 && chosen.every(({ covered }) => !covered.has(term)),
    );
    const onTheSame = best.key === undefined || candidate.covered.has(best.key);
    const addsSource = onTheSame && chosen.every(({ source }) => source !== candidate.source);
    if (!repeats && (addsSource || addsTerm)) chosen.push(candidate);
  }
  return chosen;
}

/** Terms of the question that neither a passage nor its document's title holds. */
export const missingTerms = ({ terms }: Question, chosen: readonly Ranked[]): Term[] =>
  terms.filter((term) => chosen.every(({ covered, titled }) => !covered.has(term) && !titled.has(term)));

/** The passages cover most of the question and are of the kind it asks for. */
export function suffices(question: Question, chosen: readonly Ranked[]): boolean {
  if (chosen.length === 0) return false;
  const weigh = (terms: readonly Term[]) => terms.reduce((sum, { weight }) => sum + weight, 0);
  const covers = weigh(missingTerms(question, chosen)) <= 0.34 * weigh(question.terms);
  return (
    covers &&
    [...question.wants].every((want) => {
      return !DECISIVE.has(want) || chosen.some(({ text }) => MEETS[want].pattern.test(text));
    })
  );
}
