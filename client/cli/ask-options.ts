import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ForkInput } from '../../protocol/fork.ts';
import type { ModelSettings, ResearchInput } from '../../protocol/input.ts';

/** Options that change how a session goes on, but nothing that its model has read. */
export interface AdjustOptions {
  approve?: string[];
  approveWithin?: number;
  maxRounds?: number;
  contextTokens?: number;
  contextStrategy?: ResearchInput['contextStrategy'];
  discardRatio?: number;
  keepOpen?: number;
  timeout?: number;
  modelTemperature?: number;
  modelTopP?: number;
  modelMaxTokens?: number;
  modelRepetitionPenalty?: number;
  modelSeed?: number;
  modelStop?: string[];
  modelExtraBody?: ModelSettings['extraBody'];
  priority?: number;
  fairnessKey?: string;
  fairnessWeight?: number;
}

export interface AskOptions extends AdjustOptions {
  file?: string[];
  workerFile?: string[];
  skill?: string[];
  tools?: string[];
  corpus?: string;
  systemPrompt?: string;
}

/** What a path means differs: at a distance it is the worker's, in local mode it is this machine's. */
export interface PathTexts {
  file: string;
  corpus: string;
}

const OF_THE_WORKER: PathTexts = {
  file: 'a file of this machine, or a web address, for the session',
  corpus: "one of the worker's folders of documents; default: its first",
};

/** Adds the options that describe a question's research. Ranges are checked with the input as a whole. */
export function addAskOptions(command: Command, paths: PathTexts = OF_THE_WORKER): Command {
  return addAdjustOptions(
    command
      .optionsGroup('Research:')
      .option('--corpus <folder>', paths.corpus)
      .addOption(repeatable('-f, --file <path>', paths.file))
      .addOption(repeatable('--worker-file <path>', "a file for the session, below the worker's folder of files"))
      .addOption(repeatable('--skill <name>', 'a skill for the session, by name'))
      .option('--tools <names>', 'tools to offer, separated by commas; default: all the worker can serve', list)
      .option('--system-prompt <file>', 'a file whose text opens the system prompt', readText),
  );
}

/** Adds the options that change how a session goes on. */
export function addAdjustOptions(command: Command): Command {
  return command
    .optionsGroup('Research:')
    .option('--approve <names>', 'tools whose calls wait for your approval, separated by commas', list)
    .option('--approve-within <seconds>', 'refuse a call that nobody approved in this time; default: it waits', number)
    .option('--max-rounds <n>', 'most rounds of a segment (150)', number)
    .option('--context-tokens <n>', "the model's context (128000)", number)
    .addOption(
      new Option('--context-strategy <name>', 'what to do when the context is full (discard_all)').choices([
        'discard_all',
        'answer',
      ]),
    )
    .option('--discard-ratio <share>', 'share of the context at which the strategy acts (0.8)', number)
    .option('--keep-open <seconds>', 'take follow-up questions this long after an answer (0)', number)
    .option('--timeout <seconds>', 'answer after this time with what is there', number)
    .option('--priority <n>', "Temporal's priority, 1 (first) to 5 (3)", number)
    .option('--fairness-key <key>', 'sessions that wait are served in turn by this key, such as a team', String)
    .option('--fairness-weight <w>', "the key's share beside others (1)", number)
    .optionsGroup('Model:')
    .option('--model-temperature <t>', 'sampling temperature', number)
    .option('--model-top-p <p>', 'nucleus sampling', number)
    .option('--model-max-tokens <n>', 'most tokens of one reply', number)
    .option('--model-repetition-penalty <p>', 'repetition penalty', number)
    .option('--model-seed <n>', 'sampling seed', number)
    .addOption(repeatable('--model-stop <text>', 'a stop string'))
    .option('--model-extra-body <json>', 'fields merged into every request', jsonObject)
    .optionsGroup('Options:');
}

/** The workflow's input. Only what was given is set: defaults are the session's own. */
export const inputOf = (question: string, options: AskOptions): ResearchInput => ({
  question,
  ...defined({
    files: filesOf(options),
    skills: options.skill,
    tools: options.tools,
    corpus: options.corpus,
    systemPrompt: options.systemPrompt,
  }),
  ...adjustmentsOf(options),
});

function filesOf({ file = [], workerFile = [] }: AskOptions): ResearchInput['files'] {
  const files = [...file, ...workerFile.map((path) => ({ path }))];
  return files.length > 0 ? files : undefined;
}

/** Of the workflow's input, what the options of `addAdjustOptions` say. */
export function adjustmentsOf(options: AdjustOptions): Omit<ForkInput, 'fork' | 'steer'> {
  const model = defined({
    temperature: options.modelTemperature,
    topP: options.modelTopP,
    maxTokens: options.modelMaxTokens,
    repetitionPenalty: options.modelRepetitionPenalty,
    seed: options.modelSeed,
    stop: options.modelStop,
    extraBody: options.modelExtraBody,
  });
  return defined({
    approve: options.approve,
    approveSeconds: options.approveWithin,
    maxRounds: options.maxRounds,
    contextTokens: options.contextTokens,
    contextStrategy: options.contextStrategy,
    discardRatio: options.discardRatio,
    keepOpenSeconds: options.keepOpen,
    timeoutSeconds: options.timeout,
    priority: options.priority,
    fairnessKey: options.fairnessKey,
    fairnessWeight: options.fairnessWeight,
    model: Object.keys(model).length ? model : undefined,
  });
}

export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
}

/** An option that may be given several times. */
export const repeatable = (flags: string, description: string): Option =>
  new Option(flags, `${description} (repeatable)`).argParser((value, before?: string[]) => [...(before ?? []), value]);

export function list(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  return names.filter((name) => name !== '');
}

export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new InvalidArgumentError(`The file cannot be read: ${(error as Error).message}`);
  }
}

export function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Told below, in the same words.
  }
  throw new InvalidArgumentError('Expected a JSON object.');
}

export function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
