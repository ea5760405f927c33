import { seededChoice } from '../seeded.ts';

/** How the policy speaks in one language. Lists are already joined. */
export interface Wording {
  list(items: readonly string[]): string;
  /** Several ways to begin a thought; its first sentence stands for a round in lists, so it says something. */
  openings: readonly [string, ...string[]];
  start(terms: string, means: string): string;
  searchFor(queries: string): string;
  readFiles(files: string): string;
  openGiven(urls: string): string;
  hitsName(titles: string, count: number): string;
  noHits: string;
  covered(quoted: string): string;
  missing(terms: string): string;
  userAdds(text: string): string;
  secondSource: string;
  enough(source: string): string;
  mustAnswer: string;
  giveUp: string;
  noTools: string;
  scripted(round: number): string;
  lead: string;
  nearest: string;
  further: string;
  nothing(terms: string): string;
  looked(sources: string): string;
  notCovered(terms: string): string;
  signature: string;
}

export const ENGLISH: Wording = {
  list: (items) => (items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`),
  openings: ['Let me see:', 'So far so good:', 'First things first:', 'One step at a time:'],
  start: (terms, means) => `The question turns on ${terms}. ${means}`,
  searchFor: (queries) => `I search for ${queries}.`,
  readFiles: (files) => `The user attached ${files}; I read that before anything else.`,
  openGiven: (urls) => `The question names ${urls}, so I open it directly.`,
  hitsName: (titles, count) =>
    `The hits name ${titles}; I open ${count === 1 ? 'it' : 'them'} with the question as the goal.`,
  noHits: 'The search found nothing to open.',
  covered: (quoted) => `The nearest passage so far is: “${quoted}”.`,
  missing: (terms) => `Nothing yet on ${terms}, so I look again in other words.`,
  userAdds: (text) => `The user adds: “${text}”. I take that into account from here on.`,
  secondSource: 'That may be the answer, but one source is not enough.',
  enough: (source) => `${source} says it plainly enough to be quoted. I can answer.`,
  mustAnswer: 'No more tools may be used, so I answer with what I have.',
  giveUp: 'Further searches would repeat the earlier ones. I answer with what I have.',
  noTools: 'No tool helps here, so I can only say what I have.',
  scripted: (round) => `This is round ${round} of a run with a fixed number of rounds.`,
  lead: 'What the sources say:',
  nearest: 'No source answers this directly. The nearest passages:',
  further: 'Further passages:',
  nothing: (terms) => `I found no passage about ${terms}.`,
  looked: (sources) => `I looked at: ${sources}.`,
  notCovered: (terms) => `Not covered by what I found: ${terms}.`,
  signature: 'This answer comes from the rehearsal model, which follows a fixed policy and no language model.',
};

export const CHINESE: Wording = {
  list: (items) => items.join('、'),
  openings: ['先理清思路：', '看看目前的进展：', '一步一步来：', '先想清楚要做什么：'],
  start: (terms, means) => `问题的关键是${terms}。${means}`,
  searchFor: (queries) => `我搜索${queries}。`,
  readFiles: (files) => `用户附上了${files}，我先读它。`,
  openGiven: (urls) => `问题里给出了${urls}，我直接打开。`,
  hitsName: (titles) => `搜索结果中有${titles}，我带着问题打开查看。`,
  noHits: '搜索没有找到可以打开的内容。',
  covered: (quoted) => `目前最接近的一段是：“${quoted}”。`,
  missing: (terms) => `还没有找到关于${terms}的内容，我换个说法再找。`,
  userAdds: (text) => `用户补充说：“${text}”。接下来我会把它考虑进去。`,
  secondSource: '这可能就是答案，但只有一个来源还不够。',
  enough: (source) => `${source}说得足够清楚，可以引用。我可以回答了。`,
  mustAnswer: '不能再使用工具了，我根据已有内容回答。',
  giveUp: '再搜索只会重复之前的内容，我根据已有内容回答。',
  noTools: '没有可用的工具，我只能根据已有内容回答。',
  scripted: (round) => `这是固定轮数运行中的第${round}轮。`,
  lead: '资料中的说法：',
  nearest: '资料中没有直接的答案，最接近的段落是：',
  further: '其他相关段落：',
  nothing: (terms) => `我没有找到关于${terms}的段落。`,
  looked: (sources) => `我查看了：${sources}。`,
  notCovered: (terms) => `找到的内容没有涉及：${terms}。`,
  signature: '本回答来自演练模型（rehearsal model），它按固定策略工作，不使用任何语言模型。',
};

/** A thought: an opening drawn by the seed, then what there is to say. */
export function thought(wording: Wording, seed: number, round: number, sentences: readonly string[]): string {
  const gap = wording === CHINESE ? '' : ' ';
  const opening = seededChoice(wording.openings, 'opening', seed, round);
  const said = sentences.filter((text) => text !== '');
  return said.length > 0 ? [opening, ...said].join(gap) : opening.replace(/:$/, '.').replace(/：$/, '。');
}

/** Brings a thought to an exact length with sentences that say nothing. */
export function padThought(text: string, length: number, seed: number): string {
  let padded = text;
  for (let count = 0; padded.length < length; count++) {
    padded += ` ${seededChoice(FILLERS, 'filler', seed, count)}`;
  }
  return padded.slice(0, length).replace(/\s$/, '.');
}

const FILLERS = [
  'I go over what is known once more.',
  'That fits with what was found before.',
  'It is worth checking this against a second source.',
  'The wording of the question matters here.',
  'I keep the other possibility in mind.',
  'Nothing so far speaks against it.',
  'The numbers should agree with each other.',
] as const;
