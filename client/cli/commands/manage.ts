import { writeFile } from 'node:fs/promises';
import { isRehearsal, REHEARSAL_NOTE } from '../../../protocol/names.ts';
import { summaryOf } from '../../../workflows/call-summary.ts';
import { InvalidInput, RequestRefused } from '../../errors.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../../export/export.ts';
import type { DeepResearchClient, ResearchSession, SessionListing } from '../../index.ts';
import { cachedShare, count, duration } from '../format.ts';
import { printJson } from '../print-json.ts';
import type { Surroundings } from '../program.ts';
import { retryText } from '../retry-text.ts';
import { styleFor } from '../style.ts';
import { clean, cleanLine, truncate, widthOf, wrap } from '../text.ts';

type Json = { json?: true };

/** Columns of the names in front of a status. */
const NAMES = 13;

export async function status(
  client: DeepResearchClient,
  id: string,
  { json }: Json,
  world: Surroundings,
): Promise<void> {
  const session = await client.attach(id);
  const { outcome, activities } = await session.snapshot();
  const now = await session.status().catch(async (error) => {
    // A session that failed at its start knows nothing but why.
    if (error instanceof RequestRefused && outcome !== 'running') await session.result();
    throw error;
  });
  if (json) return printJson(world.out, { id, outcome, ...now });
  const { usage, context, calls, steering, hold, result } = now;
  const troubles = activities.filter((activity) => activity.attempt > 1);
  const rows: [string, string][] = [
    ['Session', id],
    ['Question', cleanLine(now.question)],
    ['State', outcome === 'running' ? now.state : outcome],
    ['Round', `${now.round} of ${now.maxRounds}${now.segment > 1 ? `, segment ${now.segment}` : ''}`],
    ['Tokens', `${count(usage.prompt)} prompt (${cachedShare(usage)}% cached), ${count(usage.completion)} generated`],
    ['Context', `${count(context.tokens)} of ${count(context.limit)}`],
    ['Time', duration(result?.elapsedMs ?? Date.now() - now.startedAt)],
    ...calls.map((call): [string, string] => [
      'Call',
      `${call.id} ${call.name} (${call.state}): ${summaryOf(call.name, call.arguments)}`,
    ]),
    ...steering.map((text): [string, string] => ['Not yet seen', text]),
    ...(hold
      ? [
          ['Holding', hold] as [string, string],
          ['What to do', `mend that, then: npx deep-research resume ${id} (after a day it fails)`] as [string, string],
        ]
      : []),
    ...troubles.map((a): [string, string] => [
      'Trying again',
      retryText({ ...a, activity: a.type, cause: a.failure ?? 'the attempt before ended without a word' }, Date.now()),
    ]),
    ...(result && isRehearsal(result.model) ? [['Mark', REHEARSAL_NOTE] as [string, string]] : []),
    ...(result ? [['Answer', result.answer] as [string, string]] : []),
  ];
  const { isTTY = false, columns } = world.out;
  const style = styleFor(isTTY);
  const room = isTTY ? Math.max(20, (columns || 80) - 1 - NAMES) : Infinity;
  for (const [name, value] of rows) {
    const lines = wrap(name === 'Answer' ? clean(value) : cleanLine(value), room);
    // Nobody looks at columns elsewhere, and a program wants the text as it is.
    const text = lines.join(isTTY ? `\n${' '.repeat(NAMES)}` : '\n').replace(/^ +$/gm, '');
    world.out.write(`${style('quiet', name.padEnd(NAMES))}${text}\n`);
  }
}

export async function list(
  client: DeepResearchClient,
  { query, limit, json }: Json & { query?: string; limit: number },
  world: Surroundings,
): Promise<void> {
  if (!Number.isInteger(limit) || limit < 1)
    throw new InvalidInput(`--limit: expected a whole number from 1, got ${limit}.`);
  const sessions = await client.list({ query, limit });
  if (json) return printJson(world.out, sessions);
  if (sessions.length === 0) {
    world.err.write('There are no sessions.\n');
    return;
  }
  const widest = Math.max(...sessions.map(({ id }) => widthOf(cleanLine(id))));
  for (const session of sessions) world.out.write(`${listLine(session, widest, world)}\n`);
}

function listLine(session: SessionListing, widest: number, { out }: Surroundings): string {
  const id = cleanLine(session.id);
  const outcome = session.outcome === 'running' ? (session.state ?? 'running') : session.outcome;
  const took = duration((session.closedAt ?? Date.now()) - session.startedAt);
  const started = localMinute(session.startedAt);
  const rounds = session.rounds === undefined ? '' : `${session.rounds} rounds`;
  const line = `${id}${' '.repeat(widest - widthOf(id))}  ${outcome.padEnd(11)}  ${started}  ${took.padEnd(7)}  ${rounds}`;
  return truncate(line.trimEnd(), out.isTTY ? (out.columns || 80) - 1 : Infinity);
}

/** `2026-03-01 14:05`, by this machine's clock on the wall. */
function localMinute(time: number): string {
  const shifted = new Date(time - new Date(time).getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16).replace('T', ' ');
}

/** Sends something to a session and confirms it. */
export async function tell(
  client: DeepResearchClient,
  id: string,
  send: (session: ResearchSession) => Promise<void>,
  done: string,
  world: Surroundings,
): Promise<void> {
  await send(await client.attach(id));
  world.err.write(`${done}\n`);
}

export const cancel = (client: DeepResearchClient, id: string, world: Surroundings): Promise<void> =>
  tell(client, id, (session) => session.cancel(), 'Asked to stop.', world);

export async function approvals(
  client: DeepResearchClient,
  id: string,
  { json }: Json,
  world: Surroundings,
): Promise<void> {
  const { calls } = await (await client.attach(id)).status();
  const waiting = calls.filter((call) => call.state === 'approval');
  if (json) return printJson(world.out, waiting);
  if (waiting.length === 0) world.err.write('No call waits for approval.\n');
  // Whole, for this is what a person decides on.
  for (const call of waiting) {
    world.out.write(`${call.id}  ${cleanLine(call.name)}\n${clean(argumentLines(call.arguments))}\n`);
  }
  if (waiting.length > 0) {
    const command = `npx deep-research approve ${id} ${waiting[0]?.id}`;
    world.err.write(`\nTo let it run, or to refuse it:\n  ${command}\n  ${command} --no --reason "…"\n`);
  }
}

export async function approve(
  client: DeepResearchClient,
  id: string,
  call: string,
  { no, reason }: { no?: true; reason?: string },
  world: Surroundings,
): Promise<void> {
  await tell(client, id, (session) => session.approve(call, !no, reason), no ? 'Refused.' : 'It runs.', world);
}

export async function exportTo(
  client: DeepResearchClient,
  id: string,
  { format, output }: { format: string; output?: string },
  world: Surroundings,
): Promise<void> {
  if (!isFormat(format)) {
    throw new InvalidInput(`--format: expected ${Object.keys(EXPORT_FORMATS).join(', ')}, got "${format}".`);
  }
  const document = await (await client.attach(id)).export(format);
  // A page in a terminal is of no use to anybody.
  const file = output ?? (format === 'html' && world.out.isTTY ? `${id.replace(/[^\w.-]+/g, '-')}.html` : undefined);
  if (file === undefined) {
    world.out.write(world.out.isTTY ? clean(document) : document);
    return;
  }
  await writeFile(file, document);
  world.err.write(`Written to ${file}.\n`);
}

const isFormat = (name: string): name is ExportFormat => Object.hasOwn(EXPORT_FORMATS, name);

function argumentLines(args: Record<string, unknown>): string {
  const lines = Object.entries(args).map(([name, value]) =>
    `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`.replace(/^/gm, '    '),
  );
  return lines.join('\n');
}
