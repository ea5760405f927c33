import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stateFolderAt } from '../../local/state-folder.ts';
import { type DevServer, startDevServer } from '../../local/temporal/dev-server.ts';
import { findTemporalCli } from '../../local/temporal/find-cli.ts';
import { findServers, terminateServer } from '../../local/temporal/server-process.ts';
import { type InPty, runInPty } from '../support/in-pty.ts';
import { eventually, openSessions, played, type Sessions, START_LIMIT_MS, statusOf } from '../support/sessions.ts';

/** The command line in a real terminal, and where there is none. */
const PROGRAM = fileURLToPath(new URL('../../client/cli/main.ts', import.meta.url));
const LIMIT_MS = 300_000;
const QUESTION = 'What colour is the flag of Chad?';
const LONG_NOTE = `Only sources after 2024, please, ${'and mind the lamps of the harbour '.repeat(4)}too.`;

const folder = mkdtempSync(join(tmpdir(), 'terminal-'));
const terminals: InPty[] = [];
let server: DevServer;
let sessions: Sessions;

beforeAll(async () => {
  await startServer();
  sessions = await openSessions({ server });
  await sessions.work();
}, START_LIMIT_MS);

afterAll(async () => {
  for (const each of terminals) each.kill();
  await sessions?.close();
  // Not `stop`: the use of the server that was killed still counts in this process.
  const { temporalDb } = stateFolderAt(folder);
  for (const { pid } of findServers(temporalDb)) await terminateServer(pid, temporalDb, 5_000);
  rmSync(folder, { recursive: true, force: true });
});

/** On the ports of the one before, if there was one. */
async function startServer(): Promise<void> {
  const { path: cli } = await findTemporalCli({ onProgress: (line) => console.log(line) });
  server = await startDevServer({ stateDir: folder, cli, port: 0, uiPort: 0 });
}

function inTerminal(
  args: string[],
  { columns = 80, ...env }: { columns?: number } & Record<string, unknown> = {},
): InPty {
  const all = { ...sessions.env, TERM: 'xterm-256color', ...env } as NodeJS.ProcessEnv;
  const run = runInPty([process.execPath, PROGRAM, ...args], { columns, env: all });
  terminals.push(run);
  return run;
}

/** Into a pipe, where nobody is. */
const piped = (...args: string[]): Promise<string> =>
  new Promise((resolve, reject) =>
    execFile(process.execPath, [PROGRAM, ...args], { env: sessions.env }, (error, out) =>
      error ? reject(error) : resolve(out),
    ),
  );

const bash = (command: string) => ({ name: 'bash', arguments: { command } });
const shows = ({ terminal }: InPty, text: string | RegExp) =>
  eventually(`the terminal shows ${text}`, () =>
    typeof text === 'string' ? terminal.shown().includes(text) : text.test(terminal.shown()),
  );

describe.each([60, 80, 200])('a terminal of %i columns', (columns) => {
  test('shows a session with its approval and steering, answers and leaves nothing behind', {
    timeout: LIMIT_MS,
  }, async () => {
    const id = `walk-${columns}`;
    const extra = JSON.stringify(
      played({ script: [bash('echo a'), bash('echo b')], thinkChars: 2000, tokenDelayMs: 1 }).model?.extraBody,
    );
    const asked = inTerminal(
      ['ask', QUESTION, '--id', id, '--approve', 'bash', '--keep-open', '600', '--model-extra-body', extra],
      { columns },
    );
    await shows(asked, 'waits for approval');
    await shows(asked, `approve ${id} r1c1 [--no]`);
    expect(await piped('approvals', id)).toContain('r1c1  bash\n    command: echo a\n');
    const handle = sessions.client.workflow.getHandle(id);
    await handle.executeUpdate('steer', { args: [LONG_NOTE] });
    await handle.executeUpdate('approve', { args: ['r1c1', true] });
    await shows(asked, `approve ${id} r2c1 [--no]`);
    await handle.executeUpdate('approve', { args: ['r2c1', false, 'Not now.'] });
    expect(await asked.ended).toBe(0);

    const { terminal } = asked;
    expect(terminal.broken()).toEqual([]);
    expect(terminal.written()).not.toContain('\u001b[2J');
    expect(terminal.isHidden()).toBe(false);
    const shown = terminal.shown();
    // What a person wrote stands there whole, and nothing of the live region.
    expect(shown.replace(/\s+/g, ' ')).toContain(`» told to the model: ${LONG_NOTE.replace(/\s+/g, ' ')}`);
    expect(shown).toContain('\nAnswer\n');
    expect(shown).toMatch(/✗ bash {2}echo b +refused/);
    expect(shown).not.toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]|│/);
    expect(shown).toContain('Follow-up questions are taken:');

    const more = columns < 80 ? [] : [['--help'], ['replay', '--help'], ['batch', '--help']];
    const commands = [['status', id], ['artifacts', id], ['approvals', id], ['list'], ...more];
    await Promise.all(
      commands.map(async (args) => {
        const run = inTerminal(args, { columns });
        expect(await run.ended, args.join(' ')).toBe(0);
        expect(run.terminal.broken(), args.join(' ')).toEqual([]);
      }),
    );
  });
});

test('in a walk through a session keys are followed, and the screen from before comes back', {
  timeout: LIMIT_MS,
}, async () => {
  const session = await sessions.start(played({ rounds: 2 }, { tools: ['bash'] }));
  await session.result();
  const run = inTerminal(['replay', session.workflowId, '--no-check']);
  await eventually('the question is shown', () => run.terminal.written().includes(QUESTION));
  run.type('n');
  await eventually('round 1 is shown', () => /Round 1 ·/.test(run.terminal.written()));
  run.type('q');
  expect(await run.ended).toBe(0);
  expect(run.terminal.written()).toMatch(/\u001b\[\?1049h[\s\S]*\u001b\[\?1049l/);
});

test('a batch in a terminal keeps to its columns and ends in words', { timeout: LIMIT_MS }, async () => {
  const file = join(folder, 'questions.jsonl');
  writeFileSync(file, `${JSON.stringify({ id: '1', question: QUESTION })}\n`);
  const body = JSON.stringify({ rehearsal: { rounds: 1, replyDelayMs: 1500 } });
  const run = inTerminal(['batch', file, '--model-extra-body', body], { columns: 60 });
  expect(await run.ended).toBe(0);
  expect(run.terminal.shown()).toMatch(/█{20} 100% · 1\/1/);
  expect(run.terminal.shown()).toMatch(/Done after/);
  expect(run.terminal.isHidden()).toBe(false);
});

describe('a session that has answered', () => {
  let id: string;
  beforeAll(async () => {
    const session = await sessions.start(played({ rounds: 2 }, { tools: ['bash'] }));
    await session.result();
    id = session.workflowId;
  }, LIMIT_MS);

  test('has colours in a terminal, and none with NO_COLOR', { timeout: LIMIT_MS }, async () => {
    const colours = inTerminal(['watch', id]);
    const plain = inTerminal(['watch', id], { NO_COLOR: '1' });
    expect([await colours.ended, await plain.ended]).toEqual([0, 0]);
    const style = /\u001b\[[\d;]*m/;
    expect(colours.terminal.written()).toMatch(style);
    expect(plain.terminal.written()).not.toMatch(style);
    expect(plain.terminal.shown()).toBe(colours.terminal.shown());
  });

  test('is plain lines on a terminal that can do nothing, and in a pipe', { timeout: LIMIT_MS }, async () => {
    const dumb = inTerminal(['watch', id], { TERM: 'dumb' });
    expect(await dumb.ended).toBe(0);
    // The terminal itself makes returns of newlines.
    expect(dumb.terminal.written().replaceAll('\r\n', '\n')).not.toMatch(/[\u001b\r]/);
    const commands = [['watch', id], ['status', id], ['list'], ['export', id], ['artifacts', id]];
    await Promise.all(
      commands.map(async (args) => {
        expect(await piped(...args), args.join(' ')).not.toMatch(/[\u001b\r]/);
      }),
    );
  });

  test('is JSON for programs', { timeout: LIMIT_MS }, async () => {
    expect(JSON.parse(await piped('status', id, '--json'))).toMatchObject({ id, outcome: 'completed' });
    const events = (await piped('watch', id, '--json')).trimEnd().split('\n');
    expect(events.map((line) => JSON.parse(line).type)).toContain('round-finished');
    expect(JSON.parse(events.at(-1) as string)).toMatchObject({ type: 'answered', open: false });
  });
});

test('Ctrl-C leaves the session alone and says how to come back', { timeout: LIMIT_MS }, async () => {
  const session = await sessions.start(played({ rounds: 50, replyDelayMs: 400 }, { tools: ['bash'] }));
  const run = inTerminal(['watch', session.workflowId]);
  await shows(run, /round \d+\/150/);
  run.type('\u0003');
  expect(await run.ended).toBe(130);
  expect(run.terminal.shown()).toContain(`npx deep-research watch ${session.workflowId}`);
  expect(run.terminal.isHidden()).toBe(false);
  expect((await session.describe()).status.name).toBe('RUNNING');
  await session.terminate();
});

test('a server that falls silent, and one that is killed, is told of, and the view goes on when it is back', {
  timeout: 600_000,
}, async () => {
  const session = await sessions.start(played({ rounds: 400, replyDelayMs: 600 }, { tools: ['bash'], maxRounds: 500 }));
  const run = inTerminal(['watch', session.workflowId]);
  const back = (times: number) =>
    eventually(
      `it was back ${times} times`,
      () => (run.terminal.shown().match(/· the Temporal server is back/g) ?? []).length >= times,
    );
  await shows(run, /^ +2 {2}/m);

  process.kill(server.pid, 'SIGSTOP');
  await shows(run, /! no connection to the Temporal server, trying again/);
  process.kill(server.pid, 'SIGCONT');
  await back(1);
  await eventually('the warning is gone', () => !run.terminal.shown().includes('no connection'));

  process.kill(server.pid, 'SIGKILL');
  await server.exited;
  await shows(run, /! no connection to the Temporal server, trying again/);
  await startServer();
  await back(2);
  const { round } = await eventually('a status', () => statusOf(session)).then(() => statusOf(session));
  await shows(run, new RegExp(`^ *${round + 1} {2}`, 'm'));
  expect(run.terminal.broken()).toEqual([]);

  await session.executeUpdate('finish');
  expect(await run.ended).toBe(0);
  const numbers = [...run.terminal.shown().matchAll(/^ {0,2}(\d+) {2}\S/gm)].map(([, number]) => Number(number));
  // Each round once, in order.
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => index + 1));
});
