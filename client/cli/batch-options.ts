import { readFileSync, statSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { InvalidInput } from '../errors.ts';
import {
  type AdjustOptions,
  addAdjustOptions,
  adjustmentsOf,
  defined,
  jsonObject,
  list,
  number,
  readText,
  repeatable,
} from './ask-options.ts';
import { type Prices, readPrices } from './batch-view/cost.ts';

/** How a batch is shown. */
export interface ViewOptions {
  out?: string;
  json?: true;
  prices?: Prices;
}

export interface BatchOptions extends AdjustOptions, ViewOptions {
  tools?: string[];
  corpus?: string;
  systemPrompt?: string;
  rollouts?: number;
  shareSearches?: true;
  window?: number;
  resumeFrom?: string[];
  stored?: true;
  logLabel?: string;
  id?: string;
  new?: true;
  watch: boolean;
}

/** Adds the options of `batch`, and the original's own spellings of them. */
export function addBatchOptions(command: Command): Command {
  addAdjustOptions(
    command
      .optionsGroup('Research:')
      .option('--corpus <folder>', "one of the worker's folders of documents; default: its first")
      .option('--tools <names>', 'tools to offer, separated by commas; default: all the worker can serve', list)
      .option('--system-prompt <file>', 'a file whose text opens the system prompt', readText),
  )
    .optionsGroup('Batch:')
    .option('--rollouts <n>', 'how often each question is worked on (1)', number)
    .option('--share-searches', 'the rollouts of a question share what their searches bring')
    .option('--window <n>', 'most sessions at work at once (16)', number)
    .addOption(repeatable('--resume-from <file>', 'output of an earlier run: what it finished is not run again'))
    .option('--stored', "FILE is a path below the workers' DEEP_RESEARCH_FILES_DIR")
    .option('--log-label <label>', "write the original's log folders as well")
    .option('--id <id>', "the batch's id; default: the file and the options in short")
    .option('--new', 'run it again from the start, as a batch of its own')
    .option('--no-watch', 'start it and go');
  addViewOptions(command).optionsGroup('Options:');
  for (const option of originalOptions()) command.addOption(option.hideHelp());
  return command;
}

/** Adds the options of every command that shows a batch. */
export const addViewOptions = (command: Command): Command =>
  command
    .option('-o, --out <path>', 'copy the output here: a folder, or a .jsonl file with one rollout')
    .option('--prices <list>', 'prices of a million tokens: prompt,generated[,cached]', readPrices)
    .option('--json', 'print each state as a line of JSON, and the result as the last');

/** What every session of the batch is given. */
export const sessionSettings = (options: BatchOptions) => ({
  ...defined({ tools: options.tools, corpus: options.corpus, systemPrompt: options.systemPrompt }),
  ...adjustmentsOf(options),
});

/** The original's options, by their own names. */
interface OriginalOptions {
  test_data_file?: string;
  available_tools?: string[];
  concurrency_workers?: number;
  rollout_num?: number;
  max_rounds?: number;
  temperature?: number;
  top_p?: number;
  extra_payload?: Record<string, unknown>;
  timeout_for_one_query?: number;
  resume_from_file?: string;
  output_file?: string;
  output_dir?: string;
  discard_all_mode?: string;
  model_max_context_tokens?: number;
  discard_ratio?: number;
  system_prompt?: string;
  log_label?: string;
}

/** Taken, and without effect here: the worker settles it, or it has no counterpart. */
const WITHOUT_EFFECT = {
  llm_client_urls: 'LLM_SERVER_BASE_ENDPOINT_URL of the workers names the model servers',
  llm_client_models: 'LLM_SERVER_MODEL_NAME of the workers names the models',
  system_format: "the workers' model servers settle it",
  llm_api_retry_times: 'model calls are repeated for as long as the fault is the server’s',
  save_batch_size: 'each row is written when its session ends',
  tokenizer_path: 'tokens are counted by the model server',
  logging_root: 'log folders lie beside the output',
} as const;

/** The original's names of tools, by ours. */
const TOOLS: Record<string, string> = {
  wide_search: 'search',
  web_search: 'search',
  scholar_search: 'google_scholar',
  wide_visit: 'visit',
  visit_url: 'visit',
  file_wide_parse: 'parse_file',
  execute_code: 'PythonInterpreter',
};

function originalOptions(): Option[] {
  const text = (name: string, parse?: (value: string) => unknown) => {
    const option = new Option(`--${name} <value>`);
    return parse ? option.argParser(parse) : option;
  };
  return [
    text('test_data_file'),
    new Option('--available_tools <names...>'),
    ...['concurrency_workers', 'rollout_num', 'max_rounds', 'temperature', 'top_p', 'timeout_for_one_query'].map(
      (name) => text(name, number),
    ),
    ...['model_max_context_tokens', 'discard_ratio'].map((name) => text(name, number)),
    text('extra_payload', jsonObject),
    ...['resume_from_file', 'output_file', 'output_dir', 'discard_all_mode', 'system_prompt', 'log_label'].map((name) =>
      text(name),
    ),
    ...Object.keys(WITHOUT_EFFECT).map((name) => new Option(`--${name} <values...>`)),
    new Option('--verbose'),
    new Option('--clean_files_copy_dir'),
  ];
}

/**
 * The options of a batch and its file, whichever spelling was used.
 *
 * @param warn is told of options of the original that have no effect here
 */
export function readBatchOptions(
  file: string | undefined,
  given: BatchOptions & OriginalOptions,
  warn: (line: string) => void,
): { file: string; options: BatchOptions } {
  for (const [name, why] of Object.entries(WITHOUT_EFFECT)) {
    if (name in given) warn(`--${name} has no effect: ${why}.`);
  }
  const path = file ?? given.test_data_file;
  if (path === undefined) throw new InvalidInput('batch: expected a file of questions.');
  const rollouts = given.rollouts ?? given.rollout_num;
  const own: BatchOptions = { ...given };
  const originalOut = (rollouts ?? 1) > 1 ? given.output_dir : given.output_file;
  const original: Partial<BatchOptions> = {
    rollouts,
    window: given.concurrency_workers,
    tools: given.available_tools?.flatMap(list),
    maxRounds: given.max_rounds,
    modelTemperature: given.temperature,
    modelTopP: given.top_p,
    modelExtraBody: emptyAsNothing(given.extra_payload),
    timeout: given.timeout_for_one_query,
    resumeFrom: given.resume_from_file ? [given.resume_from_file] : undefined,
    out: originalOut || undefined,
    contextStrategy: strategyOf(given.discard_all_mode),
    contextTokens: given.model_max_context_tokens,
    discardRatio: given.discard_ratio,
    systemPrompt: given.system_prompt ? textOrFile(given.system_prompt) : undefined,
    logLabel: given.log_label || undefined,
  };
  for (const [name, value] of Object.entries(original)) {
    const field = name as keyof BatchOptions;
    if (own[field] === undefined && value !== undefined) Object.assign(own, { [field]: value });
  }
  if (own.tools) own.tools = own.tools.map((name) => TOOLS[name] ?? name);
  return { file: path, options: own };
}

const emptyAsNothing = (value: Record<string, unknown> | undefined) =>
  value && Object.keys(value).length > 0 ? value : undefined;

/** Without its mode the original goes on until the context overflows; an answer from what is there is nearest to that. */
function strategyOf(mode: string | undefined): BatchOptions['contextStrategy'] {
  if (mode === undefined) return undefined;
  if (/^(true|1|yes|on)$/i.test(mode)) return 'discard_all';
  if (/^(false|0|no|off|)$/i.test(mode)) return 'answer';
  throw new InvalidArgumentError(`--discard_all_mode: expected true or false, got "${mode}".`);
}

/** As in the original: a file's text, or the text itself. */
function textOrFile(value: string): string {
  return statSync(value, { throwIfNoEntry: false })?.isFile() ? readFileSync(value, 'utf8') : value;
}
