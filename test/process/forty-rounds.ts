import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { LoggedRequest } from '../../local/rehearsal/request-log.ts';
import type { Message } from '../../protocol/messages.ts';
import type { ResearchResult } from '../../protocol/result.ts';
import { eventually, modelCalls, played, type SessionHandle, type Sessions } from '../support/sessions.ts';

const ROUNDS = 40;
const numbers = Array.from({ length: ROUNDS }, (_, index) => index + 1);

/** Forty commands, each of which leaves a line; long enough that a model call and a command can be met at work. */
export const FORTY_COMMANDS = {
  script: numbers.map((number) => ({
    name: 'bash',
    arguments: {
      command: `echo begun ${number} >> log.txt; sleep 0.6; echo ended ${number} >> log.txt; echo ${number}`,
    },
  })),
  answer: 'It is done.',
  replyDelayMs: 400,
};

export const FORTY_ROUNDS = played(FORTY_COMMANDS, { tools: ['bash'] });

/** The lines every command has left so far, of the one session in this state folder. */
function commandLines(stateDir: string): string[] {
  const workspaces = join(stateDir, 'workspaces');
  const logs = readdirSync(workspaces, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('/log.txt') || path === 'log.txt')
    .map((path) => join(workspaces, path));
  expect(logs).toHaveLength(1);
  return existsSync(logs[0] as string)
    ? readFileSync(logs[0] as string, 'utf8')
        .trim()
        .split('\n')
    : [];
}

/** The same after the session's end, when the file is among those that it gives back. */
export function keptLines(stateDir: string, { artifacts }: Pick<ResearchResult, 'artifacts'>): string[] {
  expect(artifacts).toMatchObject([{ name: 'log.txt' }]);
  const { sha256 = '' } = artifacts[0] ?? {};
  const text = readFileSync(join(stateDir, 'store', 'blobs', sha256.slice(0, 2), sha256), 'utf8');
  return text.trim().split('\n');
}

export const EVERY_LINE_ONCE = numbers.flatMap((number) => [`begun ${number}`, `ended ${number}`]);

/** Resolves while the model call of a round, or of a later one, is under way, to that round. */
export async function duringModelCall(sessions: Pick<Sessions, 'model'>, round: number): Promise<number> {
  let entry: LoggedRequest | undefined;
  await eventually(`the model call of round ${round}`, () => {
    entry = modelCalls(sessions).find(({ messages = 0, endedAt }) => messages >= 2 * round && endedAt === undefined);
    return entry;
  });
  return (entry?.messages ?? 0) / 2;
}

/** Resolves while the command of a round, or of a later one, is under way. */
export const duringCommand = ({ stateDir }: { stateDir: string }, round: number): Promise<void> =>
  eventually(`the command of round ${round}`, () => {
    const [what, number] = (commandLines(stateDir).at(-1) ?? '').split(' ');
    return what === 'begun' && Number(number) >= round;
  });

/** Rounds whose model call was answered in full, in the order of the answers. */
export const answeredRounds = (sessions: Pick<Sessions, 'model'>): number[] =>
  modelCalls(sessions)
    .filter(({ status, disconnected }) => status === 200 && !disconnected)
    .map(({ messages = 0 }) => messages / 2);

export const transcriptOf = async (session: SessionHandle): Promise<string> =>
  JSON.stringify(await session.query<Message[]>('transcript'));

/** Runs the session undisturbed, with a worker of its own, and gives its transcript. */
export async function undisturbed(sessions: Sessions): Promise<string> {
  const worker = await sessions.work();
  const session = await sessions.start(FORTY_ROUNDS);
  const result = await session.result();
  expect(result).toMatchObject({ answer: 'It is done.', rounds: ROUNDS + 1 });
  expect(keptLines(sessions.stateDir, result)).toEqual(EVERY_LINE_ONCE);
  const transcript = await transcriptOf(session);
  await worker.stop();
  return transcript;
}

export const EVERY_ROUND_ONCE = [...numbers, ROUNDS + 1];
