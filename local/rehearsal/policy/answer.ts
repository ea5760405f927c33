import type { Conversation } from './conversation.ts';
import { type Findings, OPENED_LABEL, quotation } from './evidence.ts';
import type { Question } from './question.ts';
import { choose, missingTerms, rank, suffices } from './rank.ts';
import type { Wording } from './wording.ts';

/** A lone passage below this score is called the nearest, not an answer. */
const DIRECT_SCORE = 0.5;

/** The final answer: quotations with their sources, what is missing, and who speaks. */
export function answerText(question: Question, findings: Findings, wording: Wording): string {
  const chosen = choose(rank(question, findings.evidence));
  const [best, ...further] = chosen;
  const paragraphs: string[] = [];
  if (best) {
    const isDirect = suffices(question, chosen) || best.score >= DIRECT_SCORE;
    paragraphs.push(isDirect ? wording.lead : wording.nearest, quotation(best.text, best.source));
    if (further.length > 0) {
      paragraphs.push(
        [wording.further, ...further.map(({ text, source }) => `- ${quotation(text, source)}`)].join('\n'),
      );
    }
    const missing = missingTerms(question, chosen).filter(({ weight }) => weight >= 1);
    if (missing.length > 0) paragraphs.push(wording.notCovered(wording.list(missing.map(({ text }) => text))));
  } else {
    paragraphs.push(wording.nothing(wording.list(question.terms.map(({ text }) => text)) || `“${question.text}”`));
    const looked = [...new Set([...findings.opened, ...findings.files])];
    if (looked.length > 0) paragraphs.push(wording.looked(looked.join(', ')));
  }
  paragraphs.push(wording.signature);
  return paragraphs.join('\n\n');
}

/** Findings that a summary keeps. */
const MOST_FINDINGS = 12;

const ROUNDS_LABEL = 'Rounds played: ';

/** The continuation summary. `gather` and `playedRounds` read its lines back. */
export function summaryText(conversation: Conversation, question: Question, findings: Findings): string {
  const kept = rank(question, findings.evidence).slice(0, MOST_FINDINGS);
  const done =
    findings.queries.size === 0 ? 'nothing was searched yet' : `searched for ${[...findings.queries].join('; ')}`;
  return [
    `1. Task: ${conversation.question}`,
    ...conversation.steering.map((text) => `The user added: ${text}`),
    `2. State: ${done}.`,
    ...[...findings.opened].map((url) => `${OPENED_LABEL}${url}`),
    '3. Findings:',
    ...kept.map(({ text, source }) => `- ${quotation(text, source)}`),
    `4. Next steps: ${kept.length > 0 ? 'check what is missing, then answer from the findings' : 'search again'}.`,
    `${ROUNDS_LABEL}${playedRounds(conversation)}`,
  ].join('\n');
}

/** Replies to this question so far, those before a context reset included. */
export function playedRounds({ rounds, summary }: Conversation): number {
  const carried = new RegExp(`^${ROUNDS_LABEL}(\\d+)`, 'm').exec(summary ?? '')?.[1];
  return rounds.length + Number(carried ?? 0);
}
