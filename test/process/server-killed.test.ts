import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stateFolderAt } from '../../local/state-folder.ts';
import { type DevServer, startDevServer } from '../../local/temporal/dev-server.ts';
import { findTemporalCli } from '../../local/temporal/find-cli.ts';
import { findServers, terminateServer } from '../../local/temporal/server-process.ts';
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

const folder = mkdtempSync(join(tmpdir(), 'server-killed-'));
const opened: Sessions[] = [];
let server: DevServer;

const startServer = async () => {
  const { path: cli } = await findTemporalCli();
  // On the ports of the one before, where workers and clients look for it.
  server = await startDevServer({ stateDir: folder, cli, port: 0, uiPort: 0 });
};

const open = async () => {
  const sessions = await openSessions({ server });
  opened.push(sessions);
  return sessions;
};

let expected = '';

beforeAll(async () => {
  await findTemporalCli({ onProgress: (line) => console.log(line) });
  await startServer();
  expected = await undisturbed(await open());
}, START_LIMIT_MS);

afterAll(async () => {
  await Promise.all(opened.map((sessions) => sessions.close()));
  // Not `stop`: the uses of the servers that were killed still count in this process.
  const { temporalDb } = stateFolderAt(folder);
  for (const { pid } of findServers(temporalDb)) await terminateServer(pid, temporalDb, 5_000);
  rmSync(folder, { recursive: true, force: true });
});

test('a session whose Temporal server is killed goes on when it is back, repeats nothing and ends the same', {
  timeout: 600_000,
}, async () => {
  const sessions = await open();
  await sessions.work();
  const session = await sessions.start(FORTY_ROUNDS);
  const kill = async () => {
    process.kill(server.pid, 'SIGKILL');
    await server.exited;
    await startServer();
  };
  const asked = [await duringModelCall(sessions, 6)];
  await kill();
  await duringCommand(sessions, 15);
  await kill();
  asked.push(await duringModelCall(sessions, 27));
  await kill();

  const result = await session.result();
  expect(result).toMatchObject({ answer: 'It is done.', stopReason: 'no_tool_calls', rounds: 41 });
  expect(keptLines(sessions.stateDir, result)).toEqual(EVERY_LINE_ONCE);
  // A call that was under way may be asked for again, where its worker could not report in time; no other.
  const rounds = answeredRounds(sessions);
  expect([...new Set(rounds)]).toEqual(EVERY_ROUND_ONCE);
  const repeated = rounds.filter((round, index) => rounds.indexOf(round) !== index);
  expect(repeated.every((round) => asked.includes(round))).toBe(true);
  expect(await transcriptOf(session)).toBe(expected);
});
