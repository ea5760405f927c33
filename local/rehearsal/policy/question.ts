import { bigrams, partsOf, pieces, stem } from './terms.ts';

/** What a question asks about. */
export interface Term {
  /** As the question writes it, for queries and for people. */
  text: string;
  /** Stems that a passage must hold; all of them count together. */
  stems: string[];
  weight: number;
}

/** Kinds of answer that a question may ask for. */
export type Want = 'default' | 'amount' | 'time' | 'person' | 'setting' | 'definition' | 'reason';

export interface Question {
  text: string;
  terms: Term[];
  /** Pairs of stems that stand side by side in the question. */
  phrases: [string, string][];
  wants: Set<Want>;
}

const STOP_WORDS = new Set(
  (
    'a about above after again all also am an and any are as at be been before being between both but by can could ' +
    'did do does doing down during each either else few for from further get give given gives had has have having ' +
    'he her here hers him his how i if in into is it its itself just let like may me might mine more most must my ' +
    'no nor not of off on once one only or other our ours out over own per please same shall she should show so ' +
    'some such tell tells told than that the their theirs them then there these they this those through to too under until up ' +
    "us very was we were what when where whether which while who whom whose why will with would you your yours what's it's " +
    "i'm don't doesn't isn't aren't many much explain describe find know want need long"
  ).split(' '),
);

/** Words that say little by themselves, yet may stand in the answer. */
const WEAK_WORDS = new Set(
  (
    'set use work make mean happen name called value number document file text handle treat behave support allow affect ' +
    'cause provide offer deal'
  ).split(' '),
);

/** Cut out of a question before its words are told apart, for segmentation is unsure about them. */
const CHINESE_QUESTION_WORDS =
  /请问|为什么|什么时候|什么样|什么|怎么样|怎么|怎样|如何|多少|多久|多长|多大|哪一?[个些里位年天月]|哪|谁|何时|何人|为何|是否|有没有|告诉我|告诉|说明|介绍|一下|[吗呢吧啊]/u;

const CHINESE_STOP_WORDS = new Set(
  (
    '的 了 和 是 在 有 与 及 或 也 都 而 把 被 对 从 到 为 请 几 这 那 这个 那个 它 其 该 此 一个 我 你 他 她 我们 你们 他们 会 能 ' +
    '可以 应该 需要 还是 以及 并 并且 用 由 于 个 称为 叫 叫做 中 里'
  ).split(' '),
);

const WANTS: [Want, RegExp][] = [
  ['default', /\bdefaults?\b|默认|缺省|预设/i],
  [
    'amount',
    /\bhow (?:many|much|long|large|big|old|often|far|high|fast)\b|\bwhat (?:number|percentage|size)\b|多少|几[个次人年天种条]|多[长大久高快]/i,
  ],
  ['time', /\bwhen\b|\b(?:what|which) (?:year|date|day|month)\b|何时|什么时候|哪一?[年天月日]|几[月日号]|日期/i],
  ['person', /\bwho(?:m|se)?\b|谁|哪位|何人/i],
  [
    'setting',
    /\bhow (?:is|are|do|does|can|could|should|to)\b|\b(?:set|configure|enable|disable|turn (?:on|off))\b|如何|怎[么样]|设置|配置|启用/i,
  ],
  ['definition', /\bwhat (?:is|are|does|do)\b|\bdefine\b|\bmeaning of\b|什么是|是什么|含义|定义|指什么/i],
  ['reason', /\bwhy\b|为什么|为何|原因/i],
];

const segmenter = new Intl.Segmenter('zh', { granularity: 'word' });

/** Reads a question. `extra` is what the user added; its terms count as well. */
export function readQuestion(text: string, extra: readonly string[] = []): Question {
  const whole = [text, ...extra].join('\n');
  const terms = new Map<string, Term>();
  const phrases: [string, string][] = [];
  for (const piece of pieces(whole)) {
    const found = piece.cjk ? cjkTerms(piece.text) : wordTerm(piece.text);
    for (const term of found) {
      const key = term.stems.join(' ');
      if (!terms.has(key)) terms.set(key, term);
    }
  }
  for (const line of whole.split(/[\n.?!;,]/)) {
    const row = pieces(line);
    row.slice(1).forEach(({ text: right, cjk }, index) => {
      const left = row[index];
      if (!left || cjk || left.cjk || isStopWord(left.text) || isStopWord(right)) return;
      phrases.push([stem(left.text), stem(right)]);
    });
  }
  for (const { stems } of terms.values()) {
    for (const [index, right] of stems.slice(1).entries()) phrases.push([stems[index] ?? '', right]);
  }
  return {
    text,
    terms: [...terms.values()],
    phrases,
    wants: new Set(WANTS.filter(([, pattern]) => pattern.test(text)).map(([want]) => want)),
  };
}

const isStopWord = (word: string): boolean => STOP_WORDS.has(word.toLowerCase());

function wordTerm(word: string): Term[] {
  if (isStopWord(word) || (word.length === 1 && !/\p{N}/u.test(word))) return [];
  const stems = partsOf(word).map(stem);
  const isName = stems.length > 1 || /\p{N}|_/u.test(word) || /^\p{Lu}{2,}$/u.test(word);
  const weight = WEAK_WORDS.has(stems.join('')) ? 0.4 : isName ? 1.5 : 1;
  return [{ text: word, stems, weight }];
}

/** Chinese words. Single characters in a row are joined: segmentation takes names apart that it does not know. */
function cjkTerms(run: string): Term[] {
  const words = run.split(CHINESE_QUESTION_WORDS).flatMap((part) => {
    const joined: string[] = [];
    let single = false;
    for (const { segment } of segmenter.segment(part)) {
      const isStop = CHINESE_STOP_WORDS.has(segment);
      const isSingle = !isStop && [...segment].length === 1;
      if (isSingle && single) joined.push((joined.pop() ?? '') + segment);
      else if (!isStop) joined.push(segment);
      single = isSingle;
    }
    return joined;
  });
  return words.map((text) => ({ text, stems: bigrams(text), weight: [...text].length > 1 ? 1 : 0.4 }));
}
