import type { ResearchInput } from '../../../protocol/input.ts';
import type { ResearchResult } from '../../../protocol/result.ts';
import { ResearchFailed } from '../../errors.ts';
import type { DeepResearchClient, ResearchSession, UploadProgress } from '../../index.ts';
import { type AdjustOptions, adjustmentsOf } from '../ask-options.ts';
import { EXIT, Exit } from '../exit.ts';
import { watchInTerminal } from '../live-view/watch-in-terminal.ts';
import { printJson } from '../print-json.ts';
import type { Surroundings } from '../program.ts';
import { cleanLine } from '../text.ts';
import { saveArtifacts } from './artifacts.ts';

interface Begin {
  id?: string;
  watch: boolean;
  json?: true;
}

export async function ask(
  client: DeepResearchClient,
  input: ResearchInput,
  options: Begin & { out?: string },
  world: Surroundings,
): Promise<void> {
  const session = await client.start(input, { id: options.id, onUpload: uploadLines(world.err) });
  await begun(session, options, world);
  if (options.out !== undefined && options.watch) await saveArtifacts(session, options.out, world.err);
}

/** A line for each file that is sent, and for a long one on the way. */
function uploadLines(err: Surroundings['err']): (progress: UploadProgress) => void {
  const told = new Map<string, number>();
  return ({ name, bytes, sent }) => {
    const tenths = Math.floor((10 * sent) / Math.max(1, bytes));
    const isNews = sent === bytes || (bytes > TOLD_FROM && tenths > (told.get(name) ?? 0));
    told.set(name, tenths);
    if (isNews) err.write(`Sent ${cleanLine(name)}${sent === bytes ? '' : `: ${10 * tenths} %`}\n`);
  };
}

/** Shorter files are sent before anybody has read a line. */
const TOLD_FROM = 8 * 2 ** 20;

export interface ForkOptions extends AdjustOptions, Begin {
  round: number;
  steer?: string;
  run?: string;
}

export async function fork(
  client: DeepResearchClient,
  id: string,
  options: ForkOptions,
  world: Surroundings,
): Promise<void> {
  const { round, steer, run } = options;
  // An unknown session is told here, not by a session that fails.
  await client.attach(id, run);
  const from = {
    fork: { session: id, round, ...(run === undefined ? {} : { runId: run }) },
    ...(steer === undefined ? {} : { steer }),
    ...adjustmentsOf(options),
  };
  await begun(await client.fork(from, { id: options.id }), options, world);
}

/** Shows a session that was started just now, or says how to. */
async function begun(session: ResearchSession, options: Begin, world: Surroundings): Promise<void> {
  if (!options.watch) {
    if (options.json) return printJson(world.out, { id: session.id, runId: session.runId });
    world.out.write(`${session.id}\n`);
    world.err.write(`Started. Watch it: npx deep-research watch ${session.id}\n`);
    return;
  }
  if (!options.json) world.out.write(`Session ${session.id}\n\n`);
  await follow(session, options, world);
}

export async function watch(
  client: DeepResearchClient,
  id: string,
  options: { json?: true },
  world: Surroundings,
): Promise<void> {
  const session = await client.attach(id);
  if (!options.json) return follow(session, options, world);
  for await (const event of session.watch({ signal: world.signal })) {
    world.out.write(`${JSON.stringify(event)}\n`);
    if (event.type === 'failed' || event.type === 'cancelled') throw new Exit(EXIT.failed);
    // As for people: the first answer ends it.
    if (event.type === 'answered') return;
  }
  throw new Exit(EXIT.interrupted);
}

export async function answer(
  client: DeepResearchClient,
  id: string,
  question: string,
  options: { watch: boolean; json?: true },
  world: Surroundings,
): Promise<void> {
  const session = await client.attach(id);
  const { round } = await session.status();
  await session.ask(question);
  if (!options.watch) {
    if (options.json) printJson(world.out, { id });
    return;
  }
  await follow(session, { ...options, afterRound: round }, world);
}

/** Shows the session until its answer. Ctrl-C leaves it alone and says how to come back. */
async function follow(
  session: ResearchSession,
  { json, afterRound }: { json?: true; afterRound?: number },
  world: Surroundings,
): Promise<void> {
  const result = json
    ? await firstAnswer(session, afterRound, world)
    : await watchInTerminal(session, { out: world.out, signal: world.signal, afterRound });
  if (result) return;
  world.err.write(
    [
      '',
      'The session goes on without you. To come back, or to end it:',
      `  npx deep-research watch ${session.id}`,
      `  npx deep-research cancel ${session.id}`,
      '',
    ].join('\n'),
  );
  throw new Exit(EXIT.interrupted);
}

/** One JSON document, whether there is an answer or not. */
async function firstAnswer(
  session: ResearchSession,
  afterRound: number | undefined,
  { out, signal }: Surroundings,
): Promise<ResearchResult | undefined> {
  for await (const event of session.watch({ signal, afterRound })) {
    if (event.type === 'answered') {
      printJson(out, { id: session.id, ...event.result });
      return event.result;
    }
    if (event.type === 'failed' || event.type === 'cancelled') {
      const kind = event.type === 'failed' ? event.kind : 'cancelled';
      printJson(out, { id: session.id, failure: { kind, message: event.message } });
      throw new ResearchFailed(kind, event.message);
    }
  }
  return undefined;
}
