import { writeFile } from 'node:fs/promises';
import type { BatchInput } from '../../../protocol/batch.ts';
import { packRows } from '../../batch/pack.ts';
import { InvalidInput } from '../../errors.ts';
import type { DeepResearchClient } from '../../index.ts';
import { readBenchmark } from '../../score/benchmarks.ts';
import { casesOf, judgeInput, readVerdicts } from '../../score/judge.ts';
import { readAnswers } from '../../score/read-answers.ts';
import { isRight, type Measure, type ScoredQuestion, type Scores, scoresOf } from '../../score/score.ts';
import type { Estimate } from '../../score/statistics.ts';
import { EXIT, Exit } from '../exit.ts';
import { printJson } from '../print-json.ts';
import type { Surroundings } from '../program.ts';
import { batchId, follow, startOrRejoin } from './batch.ts';

export interface ScoreOptions {
  answers?: string;
  format: string;
  judge?: true;
  window?: number;
  modelExtraBody?: Record<string, unknown>;
  output?: string;
  json?: true;
}

/** Scores output files. Only the judge needs a server. */
export async function score(
  files: string[],
  options: ScoreOptions,
  withClient: (work: (client: DeepResearchClient) => Promise<void>) => Promise<void>,
  world: Surroundings,
): Promise<void> {
  const references = options.answers === undefined ? undefined : await readBenchmark(options.answers, options.format);
  if (references?.every(({ answer }) => answer === undefined)) {
    throw new InvalidInput(`${options.answers}: there are no answers in it to compare with.`);
  }
  const questions = await readAnswers(files, references);
  const measures: Measure[] = ['exact', 'normalised'];
  if (options.judge) {
    await withClient((client) => judge(client, questions, options, world));
    measures.push('judge');
  }
  const scores = measures.map((measure) => scoresOf(measure, questions));
  if (options.output !== undefined) await writeFile(options.output, detailLines(questions, measures));
  if (options.json) printJson(world.out, { questions: questions.length, scores });
  else world.out.write(`${scoreLines(questions, scores).join('\n')}\n`);
}

async function judge(
  client: DeepResearchClient,
  questions: ScoredQuestion[],
  { window, modelExtraBody }: ScoreOptions,
  world: Surroundings,
): Promise<void> {
  const cases = casesOf(questions);
  if (cases.length === 0) return;
  const settings = judgeInput({ window, ...(modelExtraBody ? { model: { extraBody: modelExtraBody } } : {}) });
  const rows = packRows(cases.map(({ row }) => row));
  if (!rows) throw new InvalidInput('The answers are too many to be judged at once: score fewer files at a time.');
  const input: BatchInput = { ...settings, ...rows };
  const id = batchId('judge', input, false);
  const quiet = { ...world, out: { ...world.out, isTTY: false, write: (text: string) => world.err.write(text) } };
  const batch = await startOrRejoin(client, input, id, world);
  try {
    await follow(client, batch, {}, quiet as Surroundings);
  } catch (error) {
    // Cases that failed are told below; leaving is leaving.
    if (!(error instanceof Exit) || error.code === EXIT.interrupted) throw error;
  }
  const missing = await readVerdicts(client, id, cases);
  if (missing > 0)
    world.err.write(`The judge gave no verdict on ${missing} of ${cases.length} answers: they count as wrong.\n`);
}

const percent = ({ value, low, high }: Estimate): string =>
  `${(100 * value).toFixed(1)} % (${(100 * low).toFixed(1)}-${(100 * high).toFixed(1)})`;

export function scoreLines(questions: readonly ScoredQuestion[], scores: readonly Scores[]): string[] {
  const answers = questions.flatMap((each) => each.answers);
  const given = answers.filter(({ text }) => text !== '').length;
  const most = Math.max(...questions.map((each) => each.answers.length));
  const cell = (text: string) => text.padStart(24);
  const rows: [string, (scores: Scores) => Estimate | undefined][] = [
    ['mean', ({ mean }) => mean],
    ...Array.from({ length: most }, (_, index): [string, (scores: Scores) => Estimate | undefined] => [
      `pass@${index + 1}`,
      ({ passAt }) => passAt[index + 1],
    ]),
    ...(most > 1
      ? ([
          ...Array.from({ length: most }, (_, index): [string, (scores: Scores) => Estimate | undefined] => [
            `mean@${index + 1}`,
            ({ meanAt }) => meanAt[index + 1],
          ]),
          ['majority', ({ majority }) => majority],
        ] as [string, (scores: Scores) => Estimate | undefined][])
      : []),
  ];
  return [
    `${questions.length} questions, ${answers.length} sessions, ${given} with an answer. In brackets: 95 % confidence.`,
    `${''.padEnd(10)}${scores.map(({ measure }) => cell(measure)).join('')}`,
    ...rows.map(([name, pick]) => `${name.padEnd(10)}${scores.map((each) => cell(showOf(pick(each)))).join('')}`),
  ];
}

const showOf = (value: Estimate | undefined): string => (value ? percent(value) : '');

/** One line of JSON for each answer: what it was compared with, and how. */
function detailLines(questions: readonly ScoredQuestion[], measures: readonly Measure[]): string {
  const lines = questions.flatMap(({ id, question, reference, answers }) =>
    answers.map((answer) =>
      JSON.stringify({
        id,
        question,
        reference,
        rollout: answer.rollout,
        answer: answer.text,
        ...Object.fromEntries(measures.map((measure) => [measure, isRight(measure, answer, reference)])),
      }),
    ),
  );
  return lines.map((line) => `${line}\n`).join('');
}

/** Turns a benchmark's own file into questions for a batch, with their answers beside them. */
export async function questionsOf(
  file: string,
  { format, output }: { format: string; output?: string },
  world: Surroundings,
): Promise<void> {
  const questions = await readBenchmark(file, format);
  const text = questions.map((question) => `${JSON.stringify(question)}\n`).join('');
  if (output === undefined) world.out.write(text);
  else {
    await writeFile(output, text);
    world.err.write(`${questions.length} questions written to ${output}.\n`);
  }
}
