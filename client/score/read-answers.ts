import { createReadStream } from 'node:fs';
import { finalAnswer } from '../../protocol/answer.ts';
import { linesOf } from '../../protocol/lines.ts';
import { rowKey } from '../../protocol/original/input-row.ts';
import { outputSessions } from '../../protocol/original/sessions.ts';
import { mustBeFile } from '../batch/read-questions.ts';
import { InvalidInput } from '../errors.ts';
import type { BenchmarkQuestion } from './benchmarks.ts';
import type { ScoredQuestion } from './score.ts';

interface Row {
  query: string;
  status: string;
  rollout_idx?: number;
  src?: { id?: unknown; question?: unknown; answer?: unknown };
  result?: { final_answer?: unknown };
}

/**
 * The answers in output files, ours or the original's, beside the references: of `references`, else of each row's own
 * field `answer`. Files of one rollout each may all call it the first: then they count up.
 */
export async function readAnswers(
  files: readonly string[],
  references?: readonly BenchmarkQuestion[],
): Promise<ScoredQuestion[]> {
  const known = new Map(references?.map((each) => [each.question, each]));
  const questions = new Map<string, ScoredQuestion>();
  for (const file of files) {
    await mustBeFile(file);
    for await (const { lines } of outputSessions(linesOf(createReadStream(file)))) {
      const row = JSON.parse(new TextDecoder().decode(lines.at(-1))) as Row;
      const question = String(row.src?.question ?? row.query);
      const reference = references ? known.get(question)?.answer : textOf(row.src?.answer);
      if (reference === undefined || reference.trim() === '') continue;
      const id = String(row.src?.id ?? known.get(question)?.id ?? '');
      const key = rowKey({ id, question });
      const scored = questions.get(key) ?? { id, question, reference, answers: [] };
      questions.set(key, scored);
      const text = row.status === 'error' ? '' : finalAnswer(String(row.result?.final_answer ?? ''));
      scored.answers.push({ rollout: scored.answers.length + 1, text });
    }
  }
  if (questions.size === 0) {
    throw new InvalidInput(
      references
        ? 'None of the questions of these files is among the references.'
        : 'The rows of these files hold no answers to compare with (`src.answer`): name a file of references with --answers.',
    );
  }
  return [...questions.values()];
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
