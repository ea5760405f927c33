import type { ToolName } from '../../../protocol/tool-call.ts';
import type { TextCall } from './calls.ts';
import type { Conversation } from './conversation.ts';
import type { Findings, FoundHit } from './evidence.ts';
import { nextQueries } from './queries.ts';
import type { Question } from './question.ts';
import { choose, missingTerms, rank, suffices } from './rank.ts';
import { analyse, isChinese } from './terms.ts';
import type { Wording } from './wording.ts';

/** What the next reply does: call tools, or, without calls, answer. `because` are sentences of its thought. */
export interface Step {
  calls: TextCall[];
  because: string[];
}

/** What a decision is made from. */
export interface Situation {
  conversation: Conversation;
  question: Question;
  findings: Findings;
  tools: ReadonlySet<ToolName>;
  wording: Wording;
}

const MOST_SEARCHES = 3;
const MOST_VISITS = 4;
/** Visits before an answer, where there is enough to open: one page may be wrong or out of date. */
const LEAST_VISITS = 2;
const PAGES_A_VISIT = 3;
const MOST_FILES = 5;
const IMAGE = /\.(?:png|jpe?g|gif|webp|bmp)$/i;
const VIDEO = /\.(?:mp4|mov|avi|mkv|webm)$/i;

/** The research policy: files and given URLs first, then search, open, and again until the evidence covers the question. */
export function nextStep(situation: Situation): Step {
  const { conversation, wording } = situation;
  if (conversation.answerWanted) return { calls: [], because: [wording.mustAnswer] };
  const added = conversation.steering.slice(conversation.steering.length - conversation.freshSteering);
  if (added.length === 0) return research(situation);
  const step = searchStep(situation, added.flatMap(focusOf)) ?? research(situation);
  return { calls: step.calls, because: [...added.map(wording.userAdds), ...step.because] };
}

function research(situation: Situation): Step {
  const { conversation, question, findings, wording } = situation;
  if (conversation.rounds.length === 0) {
    const first = openGiven(situation);
    if (first) return first;
  }

  const chosen = choose(rank(question, findings.evidence));
  const made = countCalls(conversation);
  const [best] = chosen;
  const quoted = best ? [wording.covered(excerpt(best.text))] : [];
  const fresh = conversation.rounds.at(-1)?.calls.some(isSearch) ?? false;
  const visit = made.visits < MOST_VISITS ? visitStep(situation) : undefined;
  // A search is followed by opening something: its excerpts alone prove nothing.
  if (fresh && visit) return visit;
  const isSettled = suffices(question, chosen);
  if (isSettled && visit && made.visits > 0 && made.visits < LEAST_VISITS) {
    return { calls: visit.calls, because: [...quoted, wording.secondSource, ...visit.because] };
  }
  if (isSettled && (made.searches > 0 || !best || best.score > 0.8)) {
    return { calls: [], because: [...quoted, wording.enough(best?.source ?? '')] };
  }
  const missing = missingTerms(question, chosen)
    .filter(({ weight }) => weight >= 1)
    .map(({ text }) => text);
  const search = made.searches < MOST_SEARCHES ? searchStep(situation, missing) : undefined;
  if (search && made.searches === 0 && !best) return search;
  const open = missing.length > 0 ? [wording.missing(wording.list(missing.slice(0, 4)))] : [];
  if (search) return { calls: search.calls, because: [...quoted, ...open, ...search.because] };
  if (visit) return { calls: visit.calls, because: [...quoted, ...visit.because] };
  return { calls: [], because: [...quoted, conversation.rounds.length > 0 ? wording.giveUp : wording.noTools] };
}

const isSearch = ({ name }: TextCall): boolean => name === 'search' || name === 'google_scholar';

function countCalls({ rounds }: Conversation): { searches: number; visits: number } {
  const calls = rounds.flatMap((round) => round.calls);
  return { searches: calls.filter(isSearch).length, visits: calls.filter(({ name }) => name === 'visit').length };
}

const focusOf = (text: string): string[] =>
  (isChinese(text) ? [] : text.split(/\s+/)).filter((word) => /[A-Z_\d]/.test(word.slice(1)));

const excerpt = (text: string): string => (text.length > 160 ? `${text.slice(0, 157)}…` : text);

/** Attached files, and URLs that the question names. */
function openGiven({ conversation, tools, findings, wording }: Situation): Step | undefined {
  const calls: TextCall[] = [];
  const because: string[] = [];
  const files = conversation.files.filter((name) => !findings.files.has(name)).slice(0, MOST_FILES);
  for (const name of files) {
    const call = fileCall(name, conversation.question);
    if (tools.has(call.name as ToolName)) calls.push(call);
  }
  if (calls.length > 0) because.push(wording.readFiles(wording.list(files)));
  const urls = conversation.question.match(/https?:\/\/[^\s<>"'，。）)]+[^\s<>"'，。）).,;:!?]/g) ?? [];
  if (urls.length > 0 && tools.has('visit')) {
    calls.push({ name: 'visit', arguments: { url: urls.slice(0, PAGES_A_VISIT), goal: conversation.question } });
    because.push(wording.openGiven(wording.list(urls)));
  }
  return calls.length > 0 ? { calls, because } : undefined;
}

function fileCall(name: string, question: string): TextCall {
  if (IMAGE.test(name)) return { name: 'ask_question_about_image', arguments: { image_path: name, question } };
  if (VIDEO.test(name)) return { name: 'ask_question_about_video', arguments: { video_path: name, question } };
  return { name: 'parse_file', arguments: { files: [name] } };
}

function searchStep({ question, findings, tools, wording }: Situation, focus: readonly string[]): Step | undefined {
  const name = (['search', 'google_scholar'] as const).find((tool) => tools.has(tool));
  const queries = name ? nextQueries(question, findings.queries, focus) : [];
  if (!name || queries.length === 0) return undefined;
  const quotedQueries = wording.list(queries.map((query) => `“${query}”`));
  const terms = wording.list(question.terms.slice(0, 6).map(({ text }) => text));
  const means = wording.searchFor(quotedQueries);
  return {
    calls: [{ name, arguments: { query: queries } }],
    because: [findings.queries.size === 0 && terms ? wording.start(terms, means) : means],
  };
}

function visitStep({ question, findings, tools, wording }: Situation): Step | undefined {
  const hits = tools.has('visit') ? bestHits(question, findings).slice(0, PAGES_A_VISIT) : [];
  if (hits.length === 0) return undefined;
  return {
    calls: [{ name: 'visit', arguments: { url: hits.map(({ url }) => url), goal: question.text } }],
    because: [wording.hitsName(wording.list(hits.map(({ title, url }) => title || url)), hits.length)],
  };
}

/** Hits not yet opened, best first: by how well their excerpts answer, and by where the search placed them. */
export function bestHits(question: Question, { hits, opened }: Findings): FoundHit[] {
  const unopened = hits.filter(({ url }) => !opened.has(url));
  const evidence = unopened.map(({ url, title, snippet }) => ({ source: url, title, text: snippet, trust: 1 }));
  const scores = new Map<string, number>();
  for (const { source, score } of rank(question, evidence)) {
    scores.set(source, Math.max(scores.get(source) ?? 0, score));
  }
  const worth = ({ url, title, places }: FoundHit) => {
    const { set } = analyse(`${title} ${url}`);
    const inTitle = question.terms.filter(({ stems }) => stems.every((item) => set.has(item))).length;
    const found = places.reduce((sum, place) => sum + 1 / (place + 2), 0);
    return (scores.get(url) ?? 0) + inTitle * 0.15 + found;
  };
  return unopened.sort((a, b) => worth(b) - worth(a));
}
