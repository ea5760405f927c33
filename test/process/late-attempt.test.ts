import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventuallyEmpty, leftOfSessions } from '../support/left-of-sessions.ts';
import { eventually, openSessions, played, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';
import { startWorker, type WorkerProcess } from '../support/worker-process.ts';

const PROGRAM = fileURLToPath(new URL('late-attempt.ts', import.meta.url));

let sessions: Sessions;
const workers: WorkerProcess[] = [];

beforeAll(async () => {
  sessions = await openSessions();
}, START_LIMIT_MS);

afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  await sessions?.close();
});

async function work(more: NodeJS.ProcessEnv = {}): Promise<void> {
  workers.push(await startWorker({ ...sessions.env, ...more }, PROGRAM));
}

const left = () => leftOfSessions(sessions.stateDir);

test('a call that goes on after its session has ended elsewhere leaves nothing of it', {
  timeout: 180_000,
}, async () => {
  const gate = join(sessions.stateDir, 'gate');
  await work({ GATE: gate, STANDS_STILL: 'yes' });
  await work({ GATE: gate });
  const call = { name: 'late', arguments: {} };
  // Each of the two workers has room for one call.
  const both = await Promise.all([1, 2].map(() => sessions.start(played({ script: [call] }))));
  for (const session of both) expect(await session.result()).toMatchObject({ stopReason: 'no_tool_calls' });
  expect(left()).toEqual([]);
  writeFileSync(gate, '');
  await eventually('the worker that stood still goes on', () => existsSync(`${gate}.passed`));
  await eventuallyEmpty('nothing is left', left, 30_000);
});
