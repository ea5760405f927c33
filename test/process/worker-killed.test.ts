import { afterEach, beforeAll, expect, test } from 'vitest';
import { openSessions, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';
import {
  answeredRounds,
  duringCommand,
  duringModelCall,
  EVERY_LINE_ONCE,
  EVERY_ROUND_ONCE,
  FORTY_ROUNDS,
  keptLines,
  transcriptOf,
  undisturbed,
} from './forty-rounds.ts';

const opened: Sessions[] = [];
const open = async () => {
  const sessions = await openSessions();
  opened.push(sessions);
  return sessions;
};

let expected = '';

beforeAll(async () => {
  expected = await undisturbed(await open());
}, START_LIMIT_MS);

afterEach(() => Promise.all(opened.splice(0).map((sessions) => sessions.close())));

test('a session whose worker is killed in model calls and in commands repeats nothing and ends the same', {
  timeout: 600_000,
}, async () => {
  const sessions = await open();
  let worker = await sessions.work();
  const session = await sessions.start(FORTY_ROUNDS);
  const kill = async () => {
    await worker.kill();
    worker = await sessions.work();
  };
  await duringModelCall(sessions, 4);
  await kill();
  await duringCommand(sessions, 9);
  await kill();
  await duringModelCall(sessions, 17);
  await kill();
  // Twice in one round: before its command has ended, and again while its result is waited for.
  await duringCommand(sessions, 30);
  await kill();
  await kill();

  const result = await session.result();
  expect(result).toMatchObject({ answer: 'It is done.', stopReason: 'no_tool_calls', rounds: 41 });
  expect(keptLines(sessions.stateDir, result)).toEqual(EVERY_LINE_ONCE);
  expect(answeredRounds(sessions)).toEqual(EVERY_ROUND_ONCE);
  expect(await transcriptOf(session)).toBe(expected);
});
