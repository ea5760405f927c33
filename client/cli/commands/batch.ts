import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BatchInput, type BatchStatus, parseBatchInput } from '../../../protocol/batch.ts';
import type { BatchRun } from '../../batch/batch-run.ts';
import { copyOutput, type OutputCopy } from '../../batch/copy-output.ts';
import { fetchOutput } from '../../batch/fetch-output.ts';
import { finishedRows } from '../../batch/finished-rows.ts';
import { outputSource } from '../../batch/output-source.ts';
import { packRows } from '../../batch/pack.ts';
import { type Questions, readQuestions } from '../../batch/read-questions.ts';
import { summaryPage } from '../../batch/summary-page.ts';
import { InvalidInput, RequestRefused, ServerUnreachable, SessionNotFound, WorkerMissing } from '../../errors.ts';
import type { DeepResearchClient } from '../../index.ts';
import { sessionSlug } from '../../slug.ts';
import type { Snapshot } from '../../snapshot.ts';
import { defined } from '../ask-options.ts';
import { type BatchOptions, sessionSettings } from '../batch-options.ts';
import { progressLine } from '../batch-view/progress-line.ts';
import { type View, viewFor } from '../batch-view/views.ts';
import { EXIT, Exit } from '../exit.ts';
import { printJson } from '../print-json.ts';
import type { Surroundings } from '../program.ts';
import { retryText } from '../retry-text.ts';
import { cleanLine } from '../text.ts';

const MOST_BROKEN_TOLD = 20;

/** Starts a batch, or comes back to it, and shows it until its end. */
export async function runBatch(
  client: DeepResearchClient,
  file: string,
  options: BatchOptions,
  world: Surroundings,
): Promise<void> {
  const questions = options.stored ? undefined : await readQuestions(file);
  if (questions) tellQuestions(file, questions, world);
  const input = await inputOf(client, file, options, questions);
  const parsed = parseBatchInput(input);
  if ('error' in parsed) throw new InvalidInput(parsed.error);
  const id = options.id ?? batchId(file, input, options.new === true);
  const batch = await startOrRejoin(client, input, id, world);
  if (!options.watch) {
    if (options.json) return printJson(world.out, { id });
    world.out.write(`${id}\n`);
    world.err.write(`Started. Watch it: npx deep-research batch-watch ${id}\n`);
    return;
  }
  const also = options.stored ? [] : options.resumeFrom;
  await follow(client, batch, { ...options, resumeFrom: also }, world);
}

function tellQuestions(file: string, { rows, broken, duplicates }: Questions, { err }: Surroundings): void {
  for (const { line, reason } of broken.slice(0, MOST_BROKEN_TOLD)) {
    err.write(`${cleanLine(`${file}: line ${line} is left out: ${reason}`)}\n`);
  }
  if (broken.length > MOST_BROKEN_TOLD) err.write(`${broken.length - MOST_BROKEN_TOLD} more lines are left out.\n`);
  if (duplicates > 0) err.write(`${duplicates} of ${rows.length} rows have the id and question of another.\n`);
}

async function inputOf(
  client: DeepResearchClient,
  file: string,
  options: BatchOptions,
  questions: Questions | undefined,
): Promise<BatchInput> {
  const { rollouts, shareSearches, window, logLabel, resumeFrom = [] } = options;
  const settings = { ...sessionSettings(options), ...defined({ rollouts, shareSearches, window, logLabel }) };
  if (!questions) return { ...settings, file, ...(resumeFrom.length ? { resumeFrom } : {}) };
  const skip = await finishedRows(resumeFrom, questions.rows, rollouts ?? 1);
  // Too many for the input go as a file.
  const carried = packRows(questions.rows) ?? { file: await client.sendFile(file) };
  return { ...settings, ...carried, ...(Object.keys(skip).length ? { skip } : {}) };
}

/** The same file with the same options is the same batch; how many run at once does not count. */
export function batchId(file: string, { window: _, skip: __, ...input }: BatchInput, fresh: boolean): string {
  const fields = Object.entries(input).sort(([one], [other]) => (one < other ? -1 : 1));
  const digest = createHash('sha256').update(JSON.stringify(fields)).digest('hex').slice(0, 8);
  const name = sessionSlug(basename(file, extname(file)));
  return `batch-${name}-${digest}${fresh ? `-${randomBytes(2).toString('hex')}` : ''}`;
}

export async function startOrRejoin(
  client: DeepResearchClient,
  input: BatchInput,
  id: string,
  { err }: Surroundings,
): Promise<BatchRun> {
  const before = await client.batch(id).catch((error) => {
    if (error instanceof SessionNotFound && !/is of type/.test(error.message)) return undefined;
    throw error;
  });
  const outcome = before && (await before.snapshot()).outcome;
  if (before && outcome === 'running') {
    err.write(`The batch ${id} runs already: looking on.\n`);
    return before;
  }
  if (before && outcome === 'completed' && (await before.result()).state === 'done') {
    err.write(`The batch ${id} is done already; --new runs it again.\n`);
    return before;
  }
  if (before) err.write(`The batch ${id} was ${outcome}: going on with what is not finished.\n`);
  try {
    return await client.startBatch(input, { id });
  } catch (error) {
    // Somebody else was quicker.
    if (error instanceof RequestRefused) return client.batch(id);
    throw error;
  }
}

/** Shows a batch until its end. Ctrl-C leaves it alone and says how to come back. */
export async function follow(
  client: DeepResearchClient,
  batch: BatchRun,
  { out, resumeFrom, json, prices }: Pick<BatchOptions, 'out' | 'resumeFrom' | 'json' | 'prices'>,
  world: Surroundings,
): Promise<void> {
  const view = viewFor(world, { json, prices });
  view.begin(batch.id);
  let copy: OutputCopy | undefined;
  let copied: number | undefined;
  const { firstRunId } = await batch.snapshot();
  const update = async (status: BatchStatus) => {
    if (out === undefined) return;
    if (!copy) {
      const source = await outputSource(status.output, firstRunId);
      if (source) copy = await copyOutput(source, out, status.rollouts, resumeFrom);
    }
    // In a bucket each look is asked for.
    if (status.done !== copied) await copy?.update();
    copied = status.done;
  };
  while (!world.signal.aborted) {
    const snapshot = await batch.snapshot().catch(tolerate(view));
    const status = await batch.status().catch(tolerate(view));
    if (status) {
      await update(status);
      view.show(status, troubleOf(snapshot));
    }
    if (snapshot && snapshot.outcome !== 'running') break;
    await sleep(WAIT_MS, undefined, { signal: world.signal }).catch(() => {});
  }
  if (world.signal.aborted) {
    view.end();
    world.err.write(
      [
        '',
        'The batch goes on without you. To come back, or to stop it:',
        `  npx deep-research batch-watch ${batch.id}${out ? ` --out ${out}` : ''}`,
        `  npx deep-research batch-cancel ${batch.id}`,
        '',
      ].join('\n'),
    );
    throw new Exit(EXIT.interrupted);
  }
  view.end();
  const result = await batch.result();
  await copy?.update();
  let files = copy?.files;
  if (out !== undefined && !files) {
    world.err.write(
      `The workers' output ${result.output} cannot be seen from here: asking the sessions for their rows.\n`,
    );
    files = await fetchOutput(client, batch, out, resumeFrom);
  }
  if (out !== undefined) {
    const page = out.endsWith('.jsonl') ? `${out.slice(0, -'.jsonl'.length)}.summary.html` : join(out, 'summary.html');
    await writeFile(page, summaryPage(batch.id, result));
    files = [...(files ?? []), page];
  }
  view.finish(result, batch.id, files);
  const { totals } = result;
  if (result.state !== 'done' || totals.error + totals.timeout > 0) throw new Exit(EXIT.failed);
}

const WAIT_MS = 1_000;

/** What the batch itself waits for, such as room on the disk: activities that have failed and are tried again. */
function troubleOf(snapshot: Snapshot | undefined): string | undefined {
  const failing = snapshot?.activities.find(({ failure, attempt }) => failure !== undefined && attempt > 1);
  if (!failing) return undefined;
  return retryText({ ...failing, activity: failing.type, cause: failing.failure ?? '' }, Date.now());
}

/** A server or workers that are away for a while are no reason to leave; that a batch is being prepared neither. */
const tolerate =
  (view: View) =>
  (error: unknown): undefined => {
    if (error instanceof ServerUnreachable || error instanceof WorkerMissing) view.note(error.message);
    else if (!(error instanceof RequestRefused)) throw error;
    return undefined;
  };

export async function batchStatus(
  client: DeepResearchClient,
  id: string,
  { json }: { json?: true },
  world: Surroundings,
): Promise<void> {
  const batch = await client.batch(id);
  const { outcome } = await batch.snapshot();
  const status = await batch.status();
  if (json) return printJson(world.out, { id, outcome, ...status });
  world.out.write(`${progressLine(status, [])}\n`);
  for (const open of status.open) world.out.write(`at work  ${open}\n`);
  for (const { line, reason } of status.broken) world.out.write(`line ${line} left out: ${cleanLine(reason)}\n`);
  const failed = (await batch.progress()).outcomes.filter(({ error }) => error !== undefined);
  for (const { session, status: ended, error } of failed) {
    world.out.write(`${ended}  ${session}: ${cleanLine(error ?? '')}\n`);
  }
  world.out.write(`Output: ${status.output}\n`);
}
