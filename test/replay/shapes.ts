import { join } from 'node:path';
import type { BatchStatus } from '../../protocol/batch.ts';
import { QUERY, UPDATE, WORKFLOW } from '../../protocol/names.ts';
import type { Status } from '../../protocol/status.ts';
import { eventually, modelCalls, played, type SessionHandle, type Sessions } from '../support/sessions.ts';

/** A kind of session whose history is kept: what it is given, and what people and the world do to it. */
export interface Shape {
  input: unknown;
  /** Default: a session. */
  type?: typeof WORKFLOW.batch;
  /** Acts on the running session; it ends by itself after. */
  drive?(session: SessionHandle, sessions: Sessions): Promise<unknown>;
  /** Before its start. */
  arrange?(sessions: Sessions): unknown;
  /** Id of a child of it, whose history is kept instead. */
  child?: string;
  /** On a server that suggests a new run after few events. */
  shortHistory?: true;
}

const bash = (command: string) => ({ name: 'bash', arguments: { command } });
const search = (query: string) => ({ name: 'search', arguments: { query: [query] } });
const visit = (url: string) => ({ name: 'visit', arguments: { url: [url], goal: 'lamps' } });

/** Slow enough to be met at work. */
const SLOW = { rounds: 6, replyDelayMs: 300 };

const status = (session: SessionHandle) => session.query<Status, []>(QUERY.status);
const state = (session: SessionHandle, wanted: Status['state']) =>
  eventually(`the session is ${wanted}`, async () => (await status(session)).state === wanted);
const round = (session: SessionHandle, number: number) =>
  eventually(`round ${number}`, async () => (await status(session)).round >= number);
const update = (session: SessionHandle, name: string) => session.executeUpdate(name);
const updateWith = (session: SessionHandle, name: string, first: unknown, ...rest: unknown[]) =>
  session.executeUpdate<unknown, [unknown, ...unknown[]]>(name, { args: [first, ...rest] });

/** A batch of questions that take two rounds each. */
const batch = (count: number, more: object) => ({
  rows: Array.from({ length: count }, (_, index) => ({ id: index + 1, question: `Question ${index + 1}?` })),
  tools: ['bash'],
  model: { seed: 7, extraBody: { rehearsal: { rounds: 2, replyDelayMs: 300 } } },
  ...more,
});
const done = (session: SessionHandle, rows: number) =>
  eventually(`${rows} rows are done`, async () => (await session.query<BatchStatus, []>(QUERY.status)).done >= rows);

/** The file is named after the shape. */
export const SHAPES: Record<string, Shape> = {
  'plain-answer': { input: 'What colours has the flag of Chad?' },
  'rounds-with-tools': { input: played({ rounds: 6 }) },
  'parallel-calls': {
    input: played({
      script: [[search('harbour'), visit('notes/keeper-log.txt'), bash('echo 1'), bash('echo 2'), search('keeper')]],
    }),
  },
  'failed-tools': {
    input: played({
      script: [
        [bash('exit 3'), visit('no/such/file.txt'), { name: 'nonsense', arguments: {} }],
        { name: 'search', arguments: { query: 5 } },
        '<tool_call>\n{"name": "bash", broken\n</tool_call>',
      ],
    }),
  },
  'empty-replies': { input: played({ script: ['', ''] }) },
  steering: {
    input: played(SLOW, { tools: ['bash'] }),
    async drive(session) {
      await round(session, 2);
      await updateWith(session, UPDATE.steer, 'Mind the lamps.');
      await round(session, 4);
      await updateWith(session, UPDATE.steer, 'And the harbour.');
    },
  },
  'pause-resume': {
    input: played(SLOW, { tools: ['bash'] }),
    async drive(session, sessions) {
      await round(session, 2);
      await update(session, UPDATE.pause);
      await eventually('no model call runs', () => modelCalls(sessions).every(({ endedAt }) => endedAt));
      await update(session, UPDATE.resume);
    },
  },
  'finish-in-model-call': {
    input: played({ rounds: 9, replyDelayMs: 800 }, { tools: ['bash'] }),
    async drive(session) {
      await round(session, 2);
      await update(session, UPDATE.finish);
    },
  },
  'finish-in-command': {
    input: played({ script: [bash('sleep 60')] }),
    async drive(session) {
      await state(session, 'working');
      await update(session, UPDATE.finish);
    },
  },
  timeout: { input: played({ rounds: 50, replyDelayMs: 700 }, { tools: ['bash'], timeoutSeconds: 3 }) },
  'max-rounds': { input: played({ rounds: 9 }, { tools: ['bash'], maxRounds: 3 }) },
  'context-reset': {
    input: played({ rounds: 9, thinkChars: 3000 }, { tools: ['bash'], contextTokens: 5000 }),
  },
  'context-reset-steered': {
    input: played(
      { rounds: 9, thinkChars: 3000, replyDelayMs: 300 },
      { tools: ['bash'], contextTokens: 6000, discardRatio: 0.6 },
    ),
    async drive(session) {
      await round(session, 2);
      await updateWith(session, UPDATE.steer, 'Mind the lamps.');
    },
  },
  'context-full-answer': {
    input: played({ rounds: 9, thinkChars: 3000 }, { tools: ['bash'], contextTokens: 5000, contextStrategy: 'answer' }),
  },
  'overflow-answer': {
    input: played({ rounds: 9 }, { tools: ['bash'], contextStrategy: 'answer' }),
    arrange: ({ model }) => model.faults.add({ kind: 'overflow', match: { nth: 3 } }),
  },
  'overflow-reset': {
    input: played({ rounds: 5 }, { tools: ['bash'] }),
    arrange: ({ model }) => model.faults.add({ kind: 'overflow', match: { nth: 3 } }),
  },
  'hold-resume': {
    input: played({ rounds: 4 }, { tools: ['bash'] }),
    arrange: ({ model }) => model.faults.add({ kind: 'status', status: 401, match: { nth: 3 } }),
    async drive(session) {
      await state(session, 'holding');
      await update(session, UPDATE.resume);
    },
  },
  'model-unavailable': {
    input: played({ rounds: 2 }, { tools: ['bash'] }),
    arrange: ({ model }) => model.faults.add({ kind: 'status', status: 503, match: { nth: 2 } }),
  },
  'model-rejects': {
    input: played({ rounds: 2 }, { tools: ['bash'] }),
    arrange: ({ model }) => model.faults.add({ kind: 'status', status: 401, match: { nth: 1 } }),
  },
  approval: {
    input: played({ script: [bash('echo yes'), bash('echo no'), search('harbour')] }, { approve: ['bash'] }),
    async drive(session) {
      await state(session, 'approval');
      await updateWith(session, UPDATE.approve, 'r1c1', true);
      await eventually('the second call waits', async () => (await status(session)).calls[0]?.id === 'r2c1');
      await updateWith(session, UPDATE.approve, 'r2c1', false, 'Not this one.');
    },
  },
  'approval-too-late': {
    input: played({ script: [bash('date')] }, { approve: ['bash'], approveSeconds: 0.5 }),
  },
  fork: {
    input: { fork: { session: 'forked-from', round: 2 }, steer: 'Mind the lamps.', maxRounds: 20 },
    arrange: async (sessions) => {
      await (await sessions.start(played({ rounds: 4 }, { tools: ['bash'] }), 'forked-from')).result();
    },
  },
  'follow-up': {
    input: { question: 'What colours has the flag of Chad?', keepOpenSeconds: 4 },
    async drive(session) {
      await state(session, 'open');
      await updateWith(session, UPDATE.ask, 'Which lamps stand in the harbour?');
    },
  },
  'finish-while-open': {
    input: { question: 'What colours has the flag of Chad?', keepOpenSeconds: 600 },
    async drive(session) {
      await state(session, 'open');
      await update(session, UPDATE.finish);
    },
  },
  // Updates alone fill the history; the questions are answered by a later run.
  'continue-while-open': {
    input: { question: 'What colours has the flag of Chad?', keepOpenSeconds: 600 },
    shortHistory: true,
    async drive(session) {
      for (const text of ['Which lamps stand in the harbour?', 'Who keeps them?', 'And since when?', 'Where?']) {
        await state(session, 'open');
        await updateWith(session, UPDATE.ask, text);
        await eventually('it works on it', async () => (await status(session)).state !== 'open');
      }
      await state(session, 'open');
      await update(session, UPDATE.finish);
    },
  },
  'continue-while-paused': {
    input: played({ ...SLOW, rounds: 2 }, { tools: ['bash'] }),
    shortHistory: true,
    async drive(session) {
      await update(session, UPDATE.pause);
      await state(session, 'paused');
      for (let text = 1; text <= 15; text += 1) await updateWith(session, UPDATE.steer, `Mind lamp ${text}.`);
      await update(session, UPDATE.resume);
    },
  },
  cancel: {
    input: played({ rounds: 9, replyDelayMs: 800 }, { tools: ['bash'] }),
    async drive(session) {
      await round(session, 2);
      await session.cancel();
    },
  },
  'workspace-kept-open': {
    input: played(
      { script: [[bash('echo 1 > a.txt'), { name: 'parse_file', arguments: { files: ['a.txt'] } }]] },
      { tools: ['bash', 'parse_file'], keepOpenSeconds: 3 },
    ),
  },
  'host-lost': {
    input: played({ script: [bash('echo 1 > a.txt'), bash('sleep 600'), bash('cat a.txt')] }, { tools: ['bash'] }),
    async drive(session, sessions) {
      await eventually('the second command runs', async () => (await status(session)).calls[0]?.id === 'r2c1');
      const folder = (name: string) => join(sessions.stateDir, name);
      await sessions.work({
        DEEP_RESEARCH_STATE_DIR: folder('another-host'),
        DEEP_RESEARCH_STORE_DIR: folder('store'),
      });
      await sessions.workers[0]?.kill();
    },
  },
  'continue-as-new': { input: played({ rounds: 12 }, { tools: ['bash'] }), shortHistory: true },
  // Not concluded before each new run, as the one above was.
  'continue-with-workspace': { input: played({ rounds: 12 }, { tools: ['bash'] }), shortHistory: true },
  batch: {
    type: WORKFLOW.batch,
    input: batch(4, { rollouts: 2, window: 3 }),
    async drive(session) {
      await done(session, 2);
      await update(session, UPDATE.pause);
      await updateWith(session, UPDATE.window, 2);
      await update(session, UPDATE.resume);
    },
  },
  'batch-in-lots': {
    type: WORKFLOW.batch,
    input: batch(4, { rollouts: 2, window: 3 }),
    async drive(session) {
      await done(session, 2);
      await update(session, UPDATE.pause);
      await update(session, UPDATE.resume);
    },
  },
  'batch-in-lots-continue-as-new': { type: WORKFLOW.batch, input: batch(12, { window: 3 }), shortHistory: true },
  // So many end before the second write that the third waits longer.
  'batch-in-longer-lots': { type: WORKFLOW.batch, input: batch(10, { rollouts: 6, window: 24 }) },
  'batch-calm-continue-as-new': { type: WORKFLOW.batch, input: batch(12, { window: 3 }), shortHistory: true },
  'batch-continue-as-new': { type: WORKFLOW.batch, input: batch(12, { window: 3 }), shortHistory: true },
  'batch-told-at-its-start': {
    type: WORKFLOW.batch,
    input: batch(3, { window: 2 }),
    async drive(session) {
      await update(session, UPDATE.pause);
      await updateWith(session, UPDATE.window, 1);
      await update(session, UPDATE.resume);
    },
  },
  // What lists show of it is given with its start.
  'session-of-a-batch': { type: WORKFLOW.batch, input: batch(1, {}), child: 'session-of-a-batch.00001.r1' },
  'batch-cancel': {
    type: WORKFLOW.batch,
    input: batch(9, { window: 3 }),
    async drive(session) {
      await done(session, 2);
      await session.cancel();
    },
  },
  'bad-input': { input: { question: 5 } },
  'refused-by-worker': { input: { question: 'Why?', tools: ['no_such_tool'] } },
};
