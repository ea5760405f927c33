import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DevServer, startDevServer } from '../../local/temporal/dev-server.ts';
import { findTemporalCli } from '../../local/temporal/find-cli.ts';
import type { BatchStatus } from '../../protocol/batch.ts';
import { QUERY } from '../../protocol/names.ts';
import { type OriginalRow, originalRow } from '../../protocol/original/row.ts';
import { eventually, openSessions, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

/** `BATCH_ROWS=500` runs the whole of it. */
const ROWS = Number(process.env.BATCH_ROWS ?? 40);
const ROLLOUTS = 2;
/** A worker and the command line are killed at these shares of the rows, with many rows as often as this until the end. */
const KILLS = [0.1, 0.5];
const KILL_EVERY_MS = 20_000;

let sessions: Sessions;
let server: DevServer;
let folder: string;
const commands: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'deep-research-batch-'));
  const { path: cli } = await findTemporalCli({ onProgress: (line) => console.log(line) });
  // Of its own: it suggests a new run after few events, so that the batch goes through several.
  const dynamicConfig = { 'limit.historyCount.suggestContinueAsNew': 150 };
  server = await startDevServer({ stateDir: join(folder, 'server'), cli, port: 0, uiPort: 0, dynamicConfig });
  sessions = await openSessions({ server, model: { keepBodies: false } });
}, START_LIMIT_MS);

afterAll(async () => {
  for (const command of commands) command.kill('SIGKILL');
  await sessions?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const PLAY = { rehearsal: { rounds: 1, replyDelayMs: 100, answer: 'Blue, yellow and red.' } };

/** The command line on the batch, with its output in a folder of this name. */
function batch(out: string, id: string) {
  const args = ['batch', join(folder, 'questions.jsonl'), '--id', id, '--out', join(folder, out)];
  const options = ['--rollouts', `${ROLLOUTS}`, '--window', '10', '--tools', 'bash'];
  const model = ['--model-seed', '7', '--model-extra-body', JSON.stringify(PLAY)];
  const child = spawn(process.execPath, ['client/cli/main.ts', ...args, ...options, ...model], {
    env: sessions.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  commands.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const ended = once(child, 'exit').then(([code]) => ({ code: code as number | null, said }));
  return {
    ended,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const rowsIn = (out: string): OriginalRow[] =>
  Array.from({ length: ROLLOUTS }, (_, index) => readFileSync(join(folder, out, `rollout_0${index + 1}.jsonl`), 'utf8'))
    .flatMap((text) => text.trimEnd().split('\n'))
    .map((line) => originalRow.parse(JSON.parse(line)));

/** Without what differs from run to run: times, and what the prefix cache held. */
const timeless = (rows: OriginalRow[]): string[] =>
  rows
    .map((row) =>
      JSON.stringify(row, (name, value) =>
        ['time_stamp', 'elapsed_sec', 'elapsed_time', 'prompt_tokens_details'].includes(name) ||
        (name === 'query_id' && /-\d{14}$/.test(value))
          ? undefined
          : typeof value === 'string'
            ? value.replace(/Current date: \S+/, '')
            : value,
      ),
    )
    .sort();

test('every row is there once and as undisturbed, although workers and the command line are killed', {
  timeout: 3_600_000,
}, async () => {
  const lines = Array.from({ length: ROWS }, (_, i) =>
    JSON.stringify({ id: i + 1, question: `What is fact ${i + 1}?` }),
  );
  writeFileSync(join(folder, 'questions.jsonl'), `${lines.join('\n')}\n`);

  const workers = await Promise.all([sessions.work(), sessions.work()]);
  const startedAt = Date.now();
  const tell = (what: string) => console.log(`${what} after ${Math.round((Date.now() - startedAt) / 1000)} s`);
  const undisturbed = await batch('undisturbed', 'calm').ended;
  tell('undisturbed');
  expect(undisturbed, undisturbed.said).toMatchObject({ code: 0 });
  const expected = timeless(rowsIn('undisturbed'));
  expect(expected).toHaveLength(ROWS * ROLLOUTS);

  const handle = sessions.client.workflow.getHandle('disturbed');
  const done = async () => (await handle.query<BatchStatus>(QUERY.status)).done;
  let command = batch('disturbed', 'disturbed');
  const total = ROWS * ROLLOUTS;
  const shares = [...KILLS];
  const killMoment = async (): Promise<boolean> => {
    if (ROWS > 100) {
      await sleep(KILL_EVERY_MS);
      return (await handle.describe()).status.name === 'RUNNING';
    }
    const share = shares.shift();
    if (share === undefined) return false;
    await eventually(`${share} of the rows are done`, async () => (await done()) >= share * total);
    return true;
  };
  let kills = 0;
  for (; await killMoment(); kills += 1) {
    const turn = kills % workers.length;
    await workers[turn]?.kill();
    await command.kill();
    workers[turn] = await sessions.work();
    command = batch('disturbed', 'disturbed');
  }
  console.log(`a worker and the command line were killed ${kills} times each`);
  const ended = await command.ended;
  tell('disturbed');
  expect(ended, ended.said).toMatchObject({ code: 0 });
  expect(ended.said).toContain(`${total} sessions, ${total} success`);
  expect(timeless(rowsIn('disturbed'))).toEqual(expected);
  const { raw } = await handle.describe();
  expect(raw.workflowExecutionInfo?.firstRunId).not.toBe(raw.workflowExecutionInfo?.execution?.runId);
});
