import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REHEARSAL_MODEL, type Rehearsal, startRehearsal } from '../../local/rehearsal/server.ts';
import { findTemporalCli } from '../../local/temporal/find-cli.ts';
import { eventually, modelCalls, NO_PROVIDERS, START_LIMIT_MS } from '../support/sessions.ts';

const QUESTION = 'How is the body timeout set, and what is its default?';
const LIMIT_MS = 15 * 60_000;

let folder = '';
let state = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'local-command-'));
  state = join(folder, 'state');
  await findTemporalCli({ onProgress: (line) => console.log(line) });
}, START_LIMIT_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Types the command. */
function begin(args: string[], env: NodeJS.ProcessEnv = {}) {
  const { PATH, HOME } = process.env;
  const child: ChildProcess = spawn(process.execPath, ['local/main.ts', ...args], {
    env: { PATH, HOME, DEEP_RESEARCH_STATE_DIR: state, ...NO_PROVIDERS, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { out: '', err: '' };
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    text.out += part;
  });
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    text.err += part;
  });
  const ended = once(child, 'close').then(([code]) => ({ ...text, code }));
  return { child, text, ended };
}

const run = (args: string[], env?: NodeJS.ProcessEnv) => begin(args, env).ended;

test('one command answers with a quotation and its file, shows it again at once, and asks again with --new', {
  timeout: LIMIT_MS,
}, async () => {
  const command = ['--json', '--corpus', 'node_modules/undici/docs', QUESTION];
  const first = await run(command);
  const result = JSON.parse(first.out);
  expect(result.stopReason).toBe('no_tool_calls');
  expect(result.answer).toMatch(/bodyTimeout/);
  expect(result.answer).toMatch(/300e3|300 ?s/);
  expect(result.answer).toMatch(/docs\/\S+\.md/);
  expect(result.answer).toMatch(/rehearsal model/);
  expect(result.sources.map(({ url }: { url: string }) => url)).toContain('docs/api/Dispatcher.md');
  expect(first.err).toMatch(/Session body-timeout/);
  expect(first.code).toBe(0);

  const again = await run(command);
  expect(JSON.parse(again.out)).toEqual(result);
  expect(again.err).not.toMatch(/rehearsal model answers/);

  const anew = JSON.parse((await run(['--new', ...command])).out);
  expect(anew.id).not.toBe(result.id);
  expect(JSON.parse((await run(command)).out)).toEqual(anew);
});

describe('Ctrl-C', () => {
  let model: Rehearsal;
  beforeAll(async () => {
    const play = { script: [{ name: 'bash', arguments: { command: 'echo "$((6 * 7))"' } }], answer: 'It is 42.' };
    model = await startRehearsal({ keepBodies: true, play: { ...play, replyDelayMs: 2_000 } });
  });
  afterAll(() => model?.close());

  test('leaves the session whole and prints the command that goes on with it', { timeout: LIMIT_MS }, async () => {
    const env = { LLM_SERVER_BASE_ENDPOINT_URL: model.url, LLM_SERVER_MODEL_NAME: REHEARSAL_MODEL };
    const command = begin(['--max-rounds', '9', "What's six times seven?"], env);
    await eventually('the model is asked', () => modelCalls({ model }).length > 0);
    command.child.kill('SIGINT');
    const left = await command.ended;
    expect(left.code).toBe(130);
    expect(left.err).toContain(
      `DEEP_RESEARCH_STATE_DIR=${state} npm start -- --max-rounds 9 'What'\\''s six times seven?'`,
    );

    const again = await run(['--max-rounds', '9', "What's six times seven?"], env);
    expect(again.out).toContain('It is 42.');
    expect(again.out).toContain(/^Session (\S+)$/m.exec(left.out)?.[1]);
    expect(again.code).toBe(0);
  });
});

test.each([
  [['--corpus', 'no/such', 'Why?'], /--corpus no\/such: there is no such folder/],
  [['--corpus', 'package.json', 'Why?'], /--corpus package\.json: expected a folder/],
  [['--file', 'no/such', 'Why?'], /--file \S+no\/such: there is no such file/],
  [['--max-rounds', 'x', 'Why?'], /--max-rounds <n>' argument 'x' is invalid\. Expected a number/],
  [['--max-rounds', '0', 'Why?'], /maxRounds: .*got the number 0/],
  [['--model-temperature', '3', 'Why?'], /model\.temperature: .*got the number 3/],
  [['Why', 'so?'], /the question must stand in quotes: "Why so\?"/],
  [['  '], /question: expected a question, got only blanks/],
])('%j is refused before anything is started', async (args, message) => {
  const fresh = join(folder, 'fresh');
  const { out, err, code } = await run(args, { DEEP_RESEARCH_STATE_DIR: fresh });
  expect(err).toMatch(message);
  expect({ out, code }).toEqual({ out: '', code: 2 });
  expect(existsSync(join(fresh, 'temporal.lock'))).toBe(false);
  expect(existsSync(join(fresh, 'temporal.db'))).toBe(false);
});

test('paths are meant from where the command was typed', { timeout: LIMIT_MS }, async () => {
  const here = join(folder, 'here');
  mkdirSync(join(here, 'papers'), { recursive: true });
  writeFileSync(join(here, 'papers', 'tides.md'), '# Tides\n\nThe tide at Brest turns every 372 minutes.\n');
  const env = { npm_lifecycle_event: 'start', INIT_CWD: here };
  const { out } = await run(['--json', '--corpus', 'papers', 'How often does the tide at Brest turn?'], env);
  const { answer, sources } = JSON.parse(out);
  expect(answer).toMatch(/every 372 minutes/);
  expect(sources.map(({ url }: { url: string }) => url)).toEqual(['tides.md']);
});
