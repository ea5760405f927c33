import { Command } from 'commander';
import { type AskOptions, addAskOptions, repeatable } from '../client/cli/ask-options.ts';

export interface LocalOptions extends AskOptions {
  skills?: string[];
  out?: string;
  new?: true;
  json?: true;
}

const NOTES = `
Examples:
  npm start -- --corpus ~/papers "Which of these papers measure X, and how?"
  npm start -- --file report.pdf --max-rounds 40 "Summarise the attached report"
  npm start -- --skills examples/skills --file data.csv "Profile the attached table"
  npm start                                        keep everything running

The same command goes on with its session after Ctrl-C or a crash, and shows the answer after its end: a session is
known by its question and the options under "Research" and "Model". State is kept in DEEP_RESEARCH_STATE_DIR
(.deep-research). TEMPORAL_ADDRESS names a Temporal server to use instead of an own one, LLM_SERVER_BASE_ENDPOINT_URL
and LLM_SERVER_MODEL_NAME a model server instead of the rehearsal model.
Exit codes: 0 answered, 1 failed, 2 wrong usage, 130 left with Ctrl-C.`;

/** The command line `npm start`. */
export function localProgram(run: (question: string | undefined, options: LocalOptions) => Promise<void>): Command {
  const command = new Command('npm start --')
    .description(
      'Asks a question with everything on this machine: Temporal, a worker and, without a model server, the rehearsal model.',
    )
    .usage('[options] ["question"]')
    .argument(
      '[question]',
      'without one, everything runs until Ctrl-C, and the Web UI or deep-research starts sessions',
    )
    .allowExcessArguments();
  return addAskOptions(command, {
    corpus: 'a folder of documents to search',
    file: 'a file, or a web address, for the session',
  })
    .addOption(repeatable('--skills <folder>', 'a folder of skills; all of them are given, or those named by --skill'))
    .option('--out <folder>', 'save the files that the session gives back there')
    .option('--new', 'ask again; from then on the same command means the new session')
    .option('--json', 'print the result as one JSON document, and what happens on standard error')
    .addHelpText('after', NOTES)
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride()
    .action((question: string | undefined, options: LocalOptions) => {
      if (command.args.length > 1) {
        command.error(`error: the question must stand in quotes: "${command.args.join(' ')}"`);
      }
      return run(question, options);
    });
}
