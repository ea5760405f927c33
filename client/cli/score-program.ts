import type { Command } from 'commander';
import type { DeepResearchClient } from '../index.ts';
import { BENCHMARKS } from '../score/benchmarks.ts';
import { jsonObject, number } from './ask-options.ts';
import { questionsOf, type ScoreOptions, score } from './commands/score.ts';
import type { Surroundings } from './program.ts';

const FORMATS = `
Formats:
${Object.entries(BENCHMARKS)
  .map(([name, { description }]) => `  ${name.padEnd(19)} ${description}`)
  .join('\n')}`;

/** Adds the commands on benchmarks. */
export function addScoreCommands(
  program: Command,
  world: Surroundings,
  withClient: (work: (client: DeepResearchClient) => Promise<void>) => Promise<void>,
): void {
  program
    .command('score <output...>')
    .description('compare the answers in output files with references: exact, normalised and by a judge')
    .option('--answers <file>', "references, as a benchmark's own file; default: the field answer of each row")
    .option('--format <name>', 'format of that file', 's1')
    .option('--judge', 'have the model server of the workers judge each answer as well')
    .option('--window <n>', 'answers judged at once (16)', number)
    .option('--model-extra-body <json>', "fields merged into the judge's requests", jsonObject)
    .option('-o, --output <file>', 'write each answer with its verdicts, a line of JSON each')
    .option('--json', 'print the scores as one JSON document')
    .addHelpText('after', FORMATS)
    .action((files: string[], options: ScoreOptions) => score(files, options, withClient, world));

  program
    .command('questions <file>')
    .description("turn a benchmark's own file into questions for a batch, with their answers")
    .requiredOption('--format <name>', 'its format')
    .option('-o, --output <file>', 'write to a file')
    .addHelpText('after', FORMATS)
    .action((file: string, options: { format: string; output?: string }) => questionsOf(file, options, world));
}
