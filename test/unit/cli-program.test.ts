import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { report } from '../../client/cli/exit.ts';
import { buildProgram } from '../../client/cli/program.ts';
import { DeepResearchError, ResearchFailed } from '../../client/errors.ts';
import type { SessionEvent } from '../../client/events.ts';
import type { DeepResearchClient } from '../../client/index.ts';
import { aResult, aRound, aStatus } from './client-fixtures.ts';

interface Fakes {
  events?: SessionEvent[];
  status?: ReturnType<typeof aStatus>;
  fails?: Error;
  stdin?: string;
  interrupted?: boolean;
}

/** Runs the command line on a client that records what it is asked. */
async function run(args: string[], { events = [], status = aStatus(), fails, stdin = '', interrupted }: Fakes = {}) {
  const asked: unknown[][] = [];
  const record =
    <T>(name: string, answer?: T) =>
    async (...rest: unknown[]): Promise<T> => {
      asked.push([name, ...rest]);
      if (fails) throw fails;
      return answer as T;
    };
  const verbs = ['steer', 'pause', 'resume', 'finish', 'cancel', 'approve', 'ask'];
  const session = {
    id: 'mine',
    runId: 'run',
    ...Object.fromEntries(verbs.map((verb) => [verb, record(verb)])),
    status: async () => status,
    snapshot: async () => ({ outcome: 'running', activities: [] }),
    export: record('export', '# exported'),
    async *watch(options: { afterRound?: number }) {
      asked.push(['watch', options.afterRound]);
      yield* events;
    },
  };
  const client = {
    start: record('start', session),
    fork: record('fork', session),
    attach: async () => session,
    list: record('list', [{ id: 'mine', runId: 'run', outcome: 'running', startedAt: 0 }]),
    close: record('close'),
  };
  let out = '';
  let err = '';
  const abort = new AbortController();
  if (interrupted) abort.abort();
  const program = buildProgram({
    connect: async () => client as unknown as DeepResearchClient & { close(): Promise<void> },
    out: { write: (text: string) => (out += text) },
    err: { write: (text: string) => (err += text) },
    signal: abort.signal,
    readStdin: async () => stdin,
    checkReplay: async () => ({ replays: true }),
    checkReplays: async (histories) => histories.map(() => ({ replays: true })),
    runWorkerProgram: async (name, rest) => {
      asked.push([name, ...rest]);
      return rest.includes('bad') ? 1 : 0;
    },
  });
  let code = 0;
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    code = report(error, { write: (text: string) => (err += text) }, {});
  }
  return { out, err, code, asked: asked.filter(([name]) => name !== 'close') };
}

const ANSWERED: SessionEvent[] = [
  { type: 'round-finished', round: aRound(1) },
  { type: 'answered', result: aResult(), open: false },
];

test('ask sends the question with only the options that were given, and shows the answer', async () => {
  const options =
    '--file a.pdf --file b.pdf --tools search,visit --max-rounds 9 --model-seed 7 --model-extra-body {"top_k":3}';
  const { asked, out, code } = await run(['ask', 'Why?', ...options.split(' '), '--id', 'mine'], { events: ANSWERED });
  expect(asked[0]).toEqual([
    'start',
    {
      question: 'Why?',
      files: ['a.pdf', 'b.pdf'],
      tools: ['search', 'visit'],
      maxRounds: 9,
      model: { seed: 7, extraBody: { top_k: 3 } },
    },
    { id: 'mine', onUpload: expect.any(Function) },
  ]);
  expect(out).toMatch(/^Session mine\n\n {2}1 {2}Thought 1\.[\s\S]*It is 300 seconds\.[\s\S]*Class: Client/);
  expect(code).toBe(0);
});

test('ask reads the question from a pipe; without a watch it prints the id', async () => {
  const { asked, out } = await run(['ask', '-', '--no-watch'], { stdin: 'Why?\n' });
  expect(asked).toEqual([['start', { question: 'Why?' }, { id: undefined, onUpload: expect.any(Function) }]]);
  expect(out).toBe('mine\n');
});

test('ask --json prints one document, answered or not', async () => {
  const answered = await run(['ask', 'Why?', '--json'], { events: ANSWERED });
  expect(JSON.parse(answered.out)).toEqual({ id: 'mine', ...aResult() });
  const failed = await run(['ask', 'Why?', '--json'], {
    events: [{ type: 'failed', kind: 'failed', message: 'no model' }],
  });
  expect(JSON.parse(failed.out)).toEqual({ id: 'mine', failure: { kind: 'failed', message: 'no model' } });
  expect(failed.code).toBe(1);
});

test('watch --json prints an event a line', async () => {
  const { out, code } = await run(['watch', 'mine', '--json'], { events: ANSWERED });
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(ANSWERED);
  expect(code).toBe(0);
});

test.each([
  ['ask', 'Why?'],
  ['watch', 'mine'],
  ['watch', 'mine', '--json'],
])('leaving %s %s ends with 130', async (...args) => {
  const { err, code } = await run(args, { interrupted: true });
  expect(code).toBe(130);
  if (!args.includes('--json')) expect(err).toMatch(/goes on without you[\s\S]*watch mine[\s\S]*cancel mine/);
});

test('fork starts a session from a round and shows it', async () => {
  const args = [
    'fork',
    'mine',
    '--round',
    '12',
    '--steer',
    'Other keepers.',
    '--model-temperature',
    '0.5',
    '--id',
    'other',
  ];
  const { asked, out } = await run(args, { events: ANSWERED });
  const from = { fork: { session: 'mine', round: 12 }, steer: 'Other keepers.', model: { temperature: 0.5 } };
  expect(asked[0]).toEqual(['fork', from, { id: 'other' }]);
  expect(out).toContain('It is 300 seconds.');
  expect((await run(['fork', 'mine'])).err).toContain('--round');
});

test.each([
  [
    ['steer', 'mine', 'only 2024'],
    ['steer', 'only 2024'],
  ],
  [['pause', 'mine'], ['pause']],
  [['resume', 'mine'], ['resume']],
  [['finish', 'mine'], ['finish']],
  [['cancel', 'mine'], ['cancel']],
  [
    ['approve', 'mine', 'r1c1'],
    ['approve', 'r1c1', true, undefined],
  ],
  [
    ['approve', 'mine', 'r1c1', '--no', '--reason', 'too dear'],
    ['approve', 'r1c1', false, 'too dear'],
  ],
  [
    ['list', '--limit', '3', '--query', "ExecutionStatus='Running'"],
    ['list', { limit: 3, query: "ExecutionStatus='Running'" }],
  ],
])('%j asks for %j', async (args, expected) => {
  const { asked, code } = await run(args);
  expect(asked).toEqual([expected]);
  expect(code).toBe(0);
});

test('answer asks and shows only what comes after', async () => {
  const { asked, out } = await run(['answer', 'mine', 'And?'], { events: ANSWERED, status: aStatus({ round: 6 }) });
  expect(asked).toEqual([
    ['ask', 'And?'],
    ['watch', 6],
  ]);
  expect(out).toContain('It is 300 seconds.');
});

test('status and approvals show what a person decides on', async () => {
  const call = { id: 'r1c1', name: 'bash', arguments: { command: 'rm x\nrm y' }, state: 'approval' } as const;
  const status = aStatus({ state: 'approval', calls: [call], hold: 'model gone' });
  const shown = (await run(['status', 'mine'], { status })).out;
  for (const text of [
    'approval',
    'body timeout',
    'r1c1 bash',
    'model gone',
    'npx deep-research resume mine',
    '90% cached',
  ])
    expect(shown).toContain(text);
  expect(JSON.parse((await run(['status', 'mine', '--json'], { status })).out)).toEqual({
    id: 'mine',
    outcome: 'running',
    ...status,
  });
  expect((await run(['approvals', 'mine'], { status })).out).toContain('command: rm x\n    rm y');
});

test('export prints, or writes to a file', async () => {
  expect((await run(['export', 'mine', '--format', 'json'])).out).toBe('# exported');
  const folder = await mkdtemp(join(tmpdir(), 'deep-research-'));
  try {
    await run(['export', 'mine', '-o', join(folder, 'session.md')]);
    expect(await readFile(join(folder, 'session.md'), 'utf8')).toBe('# exported');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each([
  [[], 2],
  [['nonsense'], 2],
  [['ask'], 2],
  [['ask', 'q', '--max-rounds', 'many'], 2],
  [['ask', 'q', '--context-strategy', 'forget'], 2],
  [['ask', 'q', '--model-extra-body', '[1]'], 2],
  [['export', 'mine', '--format', 'xml'], 2],
  [['list', '--limit', '0'], 2],
  [['--help'], 0],
])('%j exits with %i', async (args, expected) => {
  expect((await run(args)).code).toBe(expected);
});

test.each([
  new DeepResearchError('No Temporal\nserver \u001b[31manswers.'),
  new ResearchFailed('failed', 'No Temporal server answers.'),
])('an error is one clean line: %s', async (fails) => {
  const { err, code } = await run(['pause', 'mine'], { fails });
  expect(err).toBe('deep-research: No Temporal server answers.\n');
  expect(code).toBe(1);
});

test('toolkits and skills hand their options to programs of the worker, and ends with its exit code', async () => {
  expect(await run(['toolkits', '--port', '0', '--files', 'data'])).toMatchObject({
    asked: [['toolkits', '--port', '0', '--files', 'data']],
    code: 0,
    err: '',
  });
  expect((await run(['skills', 'examples/skills'])).asked).toEqual([['skills', 'examples/skills']]);
  expect((await run(['toolkits', '--help'])).asked).toEqual([['toolkits', '--help']]);
  expect(await run(['toolkits', 'bad'])).toMatchObject({ code: 1, err: '' });
});
