import { matches, matchesExactly } from './match.ts';
import { normalAnswer } from './normal-answer.ts';
import { type Estimate, estimate, passAtK } from './statistics.ts';

/** One answer to a question. `judged` where a judge has looked at it. */
export interface Answer {
  rollout: number;
  /** Empty where there is none. */
  text: string;
  judged?: boolean;
}

export interface ScoredQuestion {
  id: string;
  question: string;
  reference: string;
  answers: Answer[];
}

/** By what an answer counts as right. */
export type Measure = 'exact' | 'normalised' | 'judge';

export interface Scores {
  measure: Measure;
  /** Questions with at least one answer. */
  questions: number;
  /** Mean share of right answers of a question. */
  mean: Estimate;
  /** By k: chance that one of k answers is right; over the questions that have as many. */
  passAt: Record<number, Estimate>;
  /** By k: mean share of right answers among the first k rollouts. */
  meanAt: Record<number, Estimate>;
  /** The answer that most rollouts give is right. */
  majority: Estimate;
}

export function isRight(measure: Measure, { text, judged }: Answer, reference: string): boolean {
  if (measure === 'judge') return judged === true;
  if (text === '') return false;
  return measure === 'exact' ? matchesExactly(text, reference) : matches(text, reference);
}

/** Scores of questions by one measure. Every rollout counts; one without an answer is wrong. */
export function scoresOf(measure: Measure, questions: readonly ScoredQuestion[]): Scores {
  const rows = questions
    .filter(({ answers }) => answers.length > 0)
    .map(({ answers, reference }) => {
      const inOrder = [...answers].sort((a, b) => a.rollout - b.rollout);
      return { answers: inOrder, right: inOrder.map((answer) => isRight(measure, answer, reference)) };
    });
  const most = Math.max(0, ...rows.map(({ right }) => right.length));
  const shareOf = (right: readonly boolean[]) => right.filter(Boolean).length / right.length;
  const byK = (value: (right: boolean[], k: number) => number): Record<number, Estimate> =>
    Object.fromEntries(
      Array.from({ length: most }, (_, index) => {
        const k = index + 1;
        const enough = rows.filter(({ right }) => right.length >= k);
        return [k, estimate(enough.map(({ right }) => value(right, k)))];
      }),
    );
  return {
    measure,
    questions: rows.length,
    mean: estimate(rows.map(({ right }) => shareOf(right))),
    passAt: byK((right, k) => passAtK(right.length, right.filter(Boolean).length, k)),
    meanAt: byK((right, k) => shareOf(right.slice(0, k))),
    majority: estimate(rows.map(({ answers, right }) => (right[majority(answers)] ? 1 : 0))),
  };
}

/** Index of the first answer that says what most say; answers that are missing have no voice. */
export function majority(answers: readonly Answer[]): number {
  const votes = new Map<string, { count: number; first: number }>();
  for (const [index, { text }] of answers.entries()) {
    if (text === '') continue;
    const said = normalAnswer(text) || text;
    const vote = votes.get(said) ?? { count: 0, first: index };
    votes.set(said, { ...vote, count: vote.count + 1 });
  }
  const [winner] = [...votes.values()].sort((a, b) => b.count - a.count || a.first - b.first);
  return winner?.first ?? 0;
}
