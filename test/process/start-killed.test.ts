import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { REHEARSAL_MODEL, type Rehearsal, startRehearsal } from '../../local/rehearsal/server.ts';
import { findTemporalCli } from '../../local/temporal/find-cli.ts';
import { eventually, modelCalls, NO_PROVIDERS, START_LIMIT_MS } from '../support/sessions.ts';
import {
  answeredRounds,
  duringCommand,
  duringModelCall,
  EVERY_LINE_ONCE,
  EVERY_ROUND_ONCE,
  FORTY_COMMANDS,
  keptLines,
} from './forty-rounds.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** `npm start -- "question"` in a state folder of its own, with a model that outlives it. */
class Start {
  readonly stateDir = mkdtempSync(join(tmpdir(), 'start-killed-'));
  readonly model: Rehearsal;
  private command?: { child: ChildProcess; output: Promise<string> };

  constructor(model: Rehearsal) {
    this.model = model;
  }

  /** Types the command. */
  run(): void {
    const { PATH, HOME } = process.env;
    const child = spawn('npm', ['start', '--silent', '--', '--json', 'Which forty commands are there?'], {
      cwd: ROOT,
      // A group of its own, as a shell makes one for a command.
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH,
        HOME,
        DEEP_RESEARCH_STATE_DIR: this.stateDir,
        LLM_SERVER_BASE_ENDPOINT_URL: this.model.url,
        LLM_SERVER_MODEL_NAME: REHEARSAL_MODEL,
        ...NO_PROVIDERS,
      },
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    this.command = { child, output: once(child, 'close').then(() => text) };
  }

  async result() {
    return JSON.parse((await this.command?.output) ?? '');
  }

  /** Kills the command's process group, and nothing that has left it. */
  async killGroup(): Promise<void> {
    const child = this.command?.child as ChildProcess;
    process.kill(-(child.pid as number), 'SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  /**
   * Kills whatever belongs to this folder, as a power cut does: all at once, for a worker that outlives the command by
   * a moment may be answered in that moment and die before it has told Temporal.
   */
  async killAll(): Promise<void> {
    const child = this.command?.child;
    const over = child && child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    for (const pid of this.processes()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself between the look and the kill.
      }
    }
    await over;
  }

  /** All processes that name the state folder in their command line or environment. */
  processes(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => ['cmdline', 'environ'].some((file) => read(`/proc/${pid}/${file}`).includes(this.stateDir)))
      .map(Number);
  }

  async close(): Promise<void> {
    await this.killAll();
    await this.model.close();
    rmSync(this.stateDir, { recursive: true, force: true });
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const opened: Start[] = [];
const open = async () => {
  const start = new Start(await startRehearsal({ keepBodies: true, play: FORTY_COMMANDS }));
  opened.push(start);
  return start;
};

/** All that the model was told before its answer. */
const lastMessages = (start: Start) =>
  JSON.stringify((modelCalls(start).at(-1)?.body as { messages: unknown }).messages);

beforeAll(() => findTemporalCli({ onProgress: (line) => console.log(line) }), START_LIMIT_MS);

afterAll(() => Promise.all(opened.map((start) => start.close())));

test('a command that is killed again and again goes on where it was, repeats nothing and ends the same', {
  timeout: 600_000,
}, async () => {
  const calm = await open();
  calm.run();

  const start = await open();
  start.run();
  await duringModelCall(start, 5);
  await start.killGroup();
  start.run();
  await duringCommand(start, 12);
  await start.killGroup();
  start.run();
  await duringModelCall(start, 21);
  await start.killAll();
  start.run();
  await duringModelCall(start, 30);
  await start.killGroup();
  await eventually('the worker has noticed', () => start.processes().length === 1);
  start.run();

  const [result, expected] = await Promise.all([start.result(), calm.result()]);
  expect(result).toMatchObject({ answer: 'It is done.', stopReason: 'no_tool_calls', rounds: 41 });
  expect(result.usage.completion).toBe(expected.usage.completion);
  expect(keptLines(start.stateDir, result)).toEqual(EVERY_LINE_ONCE);
  expect(answeredRounds(start)).toEqual(EVERY_ROUND_ONCE);
  expect(lastMessages(start)).toBe(lastMessages(calm));
  for (const each of [start, calm]) await eventually('no process is left', () => each.processes().length === 0);
});
