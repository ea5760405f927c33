import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DevServer, startDevServer } from '../../local/temporal/dev-server.ts';
import { findTemporalCli } from '../../local/temporal/find-cli.ts';
import { QUERY } from '../../protocol/names.ts';
import { codesOf, exampleFolder, runExample } from '../support/example.ts';
import { eventually, openSessions, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

/** The programs of docs/client.md, as they stand. */
const [research, workflow = '', schedule] = codesOf('docs/client.md', 'ts');
const LIMIT_MS = 240_000;

let folder: string;
let server: DevServer;
let sessions: Sessions;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  // On a server of its own, for the programs name the queue that others use as well.
  const cli = (await findTemporalCli({ onProgress: (line) => console.log(line) })).path;
  folder = mkdtempSync(join(tmpdir(), 'deep-research-examples-'));
  server = await startDevServer({ stateDir: folder, cli, port: 0, uiPort: 0 });
  const play = { rounds: 4, replyDelayMs: 300, answer: 'The keeper of the north mole.' };
  sessions = await openSessions({ server, taskQueue: 'deep-research', model: { play } });
  await sessions.work();
  env = { ...process.env, TEMPORAL_ADDRESS: sessions.address };
}, START_LIMIT_MS);

afterAll(async () => {
  await sessions?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('start, watch, steer, result and files', { timeout: LIMIT_MS }, async () => {
  const example = runExample('docs/client.md', env, research);
  expect(await example.ended(), example.output()).toBe(0);
  expect(example.output()).toMatch(/^started lit-lamps-\w+\n/);
  expect(example.output()).toMatch(
    /told in round \d[\s\S]*round 4\n[\s\S]*The keeper of the north mole\.\n\d+ sources\n/,
  );
  const [, id = ''] = /^started (\S+)/.exec(example.output()) ?? [];
  const transcript = await sessions.client.workflow.getHandle(id).query(QUERY.transcript);
  expect(JSON.stringify(transcript)).toContain('Prefer primary sources.');
});

test('a child of another workflow', { timeout: LIMIT_MS }, async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const program = exampleFolder('workflows.ts', workflow);
  const connection = await NativeConnection.connect({ address: sessions.address });
  try {
    const worker = await Worker.create({
      connection,
      taskQueue: 'theirs',
      workflowsPath: join(program, 'workflows.ts'),
    });
    const answer = await worker.runUntil(
      sessions.client.workflow.execute('shortest', {
        taskQueue: 'theirs',
        workflowId: `theirs-${Date.now()}`,
        args: [['Who lit the lamps?', 'Who kept the log?']],
      }),
    );
    expect(answer).toBe('The keeper of the north mole.');
  } finally {
    await connection.close();
    rmSync(program, { recursive: true, force: true });
  }
});

test('a schedule', { timeout: LIMIT_MS }, async () => {
  const example = runExample('docs/client.md', env, schedule);
  expect(await example.ended(), example.output()).toBe(0);
  const scheduled = sessions.client.schedule.getHandle('morning-papers');
  await scheduled.trigger();
  await eventually('it has started a session', async () => {
    const [latest] = (await scheduled.describe()).info.recentActions;
    if (latest?.action.type !== 'startWorkflow') return false;
    const result = await sessions.client.workflow.getHandle(latest.action.workflow.workflowId).result();
    return result.answer === 'The keeper of the north mole.';
  });
  await scheduled.delete();
});
