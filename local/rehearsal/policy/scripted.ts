import type { TextCall } from './calls.ts';
import type { RehearsalOptions } from './options.ts';
import { bestHits, type Situation } from './plan.ts';

/** A reply that the request's own settings lay down: calls, or a text as it is. */
export type ScriptedStep = { calls: TextCall[] } | { text: string };

const CYCLE = ['search', 'visit', 'PythonInterpreter', 'bash'] as const;

/**
 * The step of a round that was laid down beforehand; undefined when the script is over or there is none.
 *
 * @param round counts from 1, over context resets
 */
export function scriptedStep(options: RehearsalOptions, situation: Situation, round: number): ScriptedStep | undefined {
  const { script, rounds } = options;
  if (situation.conversation.answerWanted) return undefined;
  if (rounds !== undefined && round > rounds) return undefined;
  // A follow-up question does not begin it again.
  const played = situation.conversation.earlierRounds.length + round - 1;
  const entry = script?.[rounds === undefined ? played : (round - 1) % script.length];
  if (typeof entry === 'string') return { text: entry };
  if (entry) return { calls: Array.isArray(entry) ? entry : [entry] };
  return rounds === undefined ? undefined : { calls: [cycledCall(situation, round)] };
}

/** Search, open, calculate, write, and again, with what is offered; the round's number is in each, so none repeats. */
function cycledCall(situation: Situation, round: number): TextCall {
  const { question, findings, tools, conversation } = situation;
  const offered = CYCLE.filter((name) => tools.has(name));
  const [hit] = bestHits(question, findings);
  const url = hit?.url ?? findings.hits[round % Math.max(findings.hits.length, 1)]?.url;
  const turn = offered[(round - 1) % Math.max(offered.length, 1)];
  const name = turn === 'visit' && !url ? offered.find((tool) => tool !== 'visit') : turn;
  switch (name) {
    case 'visit':
      return { name, arguments: { url: [url ?? ''], goal: conversation.question } };
    case 'PythonInterpreter':
      return { name, arguments: { code: `print("round", ${round}, sum(range(${round + 1})))` } };
    case 'bash':
      return { name, arguments: { command: `echo round-${round} >> log.txt` } };
    default: {
      const terms = question.terms.map(({ text }) => text);
      const start = round % Math.max(terms.length, 1);
      const turned = [...terms.slice(start), ...terms.slice(0, start)].slice(0, 4).join(' ');
      return { name: 'search', arguments: { query: [`${turned || conversation.question} ${round}`.trim()] } };
    }
  }
}
