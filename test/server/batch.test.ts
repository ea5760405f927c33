import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Client, WithStartWorkflowOperation, WorkflowFailedError } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accountsIn, askAccount } from '../../activities/batch/accounts.ts';
import { folderFiles } from '../../activities/batch/folder-files.ts';
import { readPlan } from '../../activities/batch/plan.ts';
import { makeRecordRows } from '../../activities/batch/record-rows.ts';
import { DeepResearchClient } from '../../client/index.ts';
import type { BatchInput, BatchProgress, BatchResult, BatchStatus } from '../../protocol/batch.ts';
import { endingOf, type RecordRowsInput } from '../../protocol/batch-activities.ts';
import type { Checkpoint } from '../../protocol/fork.ts';
import { QUERY, UPDATE, WORKFLOW } from '../../protocol/names.ts';
import { type OriginalRow, originalRow } from '../../protocol/original/row.ts';
import type { ResearchResult } from '../../protocol/result.ts';
import { sha256Of } from '../../store/blobs.ts';
import { eventually, openSessions, pendingCall, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

let sessions: Sessions;
/** The worker's folder of input files. */
let files: string;

beforeAll(async () => {
  sessions = await openSessions();
  files = join(sessions.stateDir, 'given');
  mkdirSync(files);
  await sessions.work({ DEEP_RESEARCH_FILES_DIR: files });
}, START_LIMIT_MS);

afterAll(() => sessions?.close());

/** A model that plays so many rounds of `bash`. */
const play = (rounds: number, more: object = {}) => ({
  tools: ['bash'],
  model: { seed: 7, extraBody: { rehearsal: { rounds, answer: 'Blue, yellow and red.', ...more } } },
});

const start = (input: BatchInput | string, workflowId = `batch-${randomUUID()}`) =>
  sessions.client.workflow.start<(input: BatchInput | string) => Promise<BatchResult>>(WORKFLOW.batch, {
    workflowId,
    taskQueue: sessions.taskQueue,
    args: [input],
  });

const rowsIn = (folder: string, rollout: number): OriginalRow[] =>
  readFileSync(join(folder, `rollout_0${rollout}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => originalRow.parse(JSON.parse(line)));

const questions = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: i + 1, question: `Why ${i + 1}?` }));

test("every row is in the output of each rollout, in the original's form", { timeout: 300_000 }, async () => {
  const batch = await start({ ...play(2), rows: questions(5), rollouts: 2, window: 3, logLabel: 'trial' });
  const result = await batch.result();
  expect(result).toMatchObject({ state: 'done', total: 10, skipped: 0, totals: { success: 10, timeout: 0, error: 0 } });
  for (const rollout of [1, 2]) {
    const rows = rowsIn(result.output, rollout);
    expect(rows.map(({ src }) => src.id).sort()).toEqual([1, 2, 3, 4, 5]);
    for (const row of rows) {
      expect(row).toMatchObject({ status: 'success', rollout_idx: rollout, segment_idx: 1, segment_total: 1 });
      expect(row.result).toMatchObject({ rounds: 3, stopped_reason: 'no_tool_calls' });
      expect(JSON.parse((row.result as { tools: string }).tools)).toMatchObject([{ function: { name: 'bash' } }]);
      expect(row.result).toHaveProperty('final_answer', expect.stringContaining('Blue, yellow and red.'));
    }
  }
  const { priority } = await sessions.client.workflow.getHandle(`${batch.workflowId}.00001.r1`).describe();
  expect(priority).toMatchObject({ priorityKey: 4 });
  const listed: string[] = [];
  await eventually('the list has its sessions', async () => {
    listed.length = 0;
    for await (const each of sessions.client.workflow.list({ query: `ResearchBatch = '${batch.workflowId}'` })) {
      listed.push(each.workflowId);
    }
    return listed.length === 10;
  });
  const [day] = readdirSync(join(result.output, 'logs'));
  expect(day).toMatch(/^\d{4}_\d\d_\d\d_trial$/);
  const logs = join(result.output, 'logs', day as string);
  expect(readdirSync(logs)).toHaveLength(11);
  const lines = readFileSync(join(logs, 'collect.log'), 'utf8').trimEnd().split('\n');
  expect(lines).toHaveLength(10);
  for (const line of lines)
    expect(line).toMatch(/^\d{4}(-\d\d){2} [\d:]{8} INFO \S+ success after [\d.]+ s, 3 rounds$/);
});

test('a row is the same from what its session has left and from the session itself', { timeout: 300_000 }, async () => {
  const id = `batch-${randomUUID()}`;
  const { output } = await (await start({ ...play(3), rows: questions(4) }, id)).result();
  const written = readFileSync(join(output, 'rollout_01.jsonl'), 'utf8');
  expect(existsSync(join(output, 'accounts'))).toBe(false);

  const stateDir = join(sessions.stateDir, 'again');
  const again = join(stateDir, 'batches', id);
  cpSync(output, again, { recursive: true });
  mkdirSync(join(again, 'accounts'));
  const tasks = await readPlan(folderFiles(output), 0, 4);
  const inOrder: RecordRowsInput['sessions'] = [];
  for (const { src } of rowsIn(output, 1)) {
    const task = tasks.find(({ row }) => row === src.id);
    if (!task) throw new Error(`row ${src.id} is not in the plan`);
    const session = `${id}.0000${src.id}.r1`;
    const result: ResearchResult = await sessions.client.workflow.getHandle(session).result();
    // It was left, and the row was written from it.
    expect(result.account).toMatch(/^[0-9a-f]{64}$/);
    inOrder.push({ task, id: session, ending: endingOf(result) });
  }
  const record = (client: Client) =>
    new MockActivityEnvironment({}, { client }).run(makeRecordRows({ stateDir }), {
      batch: id,
      sessions: inOrder,
      offsets: [0],
      stopping: false,
    });
  const rows = () => readFileSync(join(again, 'rollout_01.jsonl'), 'utf8');

  // Nothing is there any more: each session is asked.
  writeFileSync(join(again, 'rollout_01.jsonl'), '');
  const asked = await record(sessions.client);
  expect(rows()).toBe(written);

  // Left anew: nobody is asked.
  for (const each of inOrder) {
    const account = JSON.stringify(await askAccount(sessions.client, each.id));
    const sha256 = sha256Of(account);
    writeFileSync(join(again, 'accounts', sha256), account);
    each.ending = { ...(each.ending as NonNullable<typeof each.ending>), account: sha256 };
  }
  writeFileSync(join(again, 'rollout_01.jsonl'), '');
  const nobody = { withAbortSignal: (_: unknown, run: () => unknown) => run() } as unknown as Client;
  expect(await record(nobody)).toEqual(asked);
  expect(rows()).toBe(written);
  expect(readdirSync(join(again, 'accounts'))).toEqual([]);
  writeFileSync(join(again, 'accounts', inOrder[0]?.ending?.account ?? ''), 'damaged');
  expect(await accountsIn({ stateDir }).read(id, inOrder[0]?.ending?.account)).toBeUndefined();
});

test('a session whose last activity is in another process leaves the same; without the folder it leaves nothing', {
  timeout: 300_000,
}, async () => {
  const taskQueue = `${sessions.taskQueue}-roles`;
  const roles = { TEMPORAL_TASK_QUEUE: taskQueue, WORKER_ROLES: 'workflow,inference,tools' };
  const host = { TEMPORAL_TASK_QUEUE: taskQueue, WORKER_ROLES: 'sandbox' };
  const rowsOf = async (id: string) => {
    const batch = await sessions.client.workflow.start<(input: BatchInput) => Promise<BatchResult>>(WORKFLOW.batch, {
      workflowId: id,
      taskQueue,
      args: [{ ...play(2), rows: questions(1) }],
    });
    const { output, totals } = await batch.result();
    expect(totals).toMatchObject({ success: 1 });
    const result: ResearchResult = await sessions.client.workflow.getHandle(`${id}.00001.r1`).result();
    return { account: result.account, rows: rowsIn(output, 1) };
  };
  const worker = await sessions.work(roles);
  const near = await sessions.work(host);
  const left = await rowsOf(`batch-${randomUUID()}`);
  expect(left.account).toMatch(/^[0-9a-f]{64}$/);
  expect(left.rows).toMatchObject([{ status: 'success', result: { rounds: 3 } }]);
  await near.stop();
  const far = await sessions.work({ ...host, DEEP_RESEARCH_BATCH_DIR: join(sessions.stateDir, 'elsewhere') });
  const asked = await rowsOf(`batch-${randomUUID()}`);
  expect(asked.account).toBeUndefined();
  expect(asked.rows).toMatchObject([{ status: 'success', result: { rounds: 3 } }]);
  await Promise.all([worker.stop(), far.stop()]);
});

test('a stored file is taken as it is: odd rows run, broken lines are told, a row that fails is an error row', {
  timeout: 300_000,
}, async () => {
  const lines = [
    '\ufeff{"id": "a", "question": "Why?"}',
    '{"id": "b", "question": "这是问题", "file_path": ""}',
    '{"id": "c", "question": "broken"',
    '',
    '{"question": "Why?", "file_path": ["none.txt"]}',
    '{"id": "a", "question": "Why?"}',
    '[1]',
    '{"id": "d", "question": "With a file", "file_path": "here.txt", "reference": null}',
    '{"id": "e", "question": 5}',
  ];
  writeFileSync(join(files, 'odd.jsonl'), lines.join('\r\n'));
  writeFileSync(join(files, 'here.txt'), 'The lamp is green.');
  const result = await (await start({ ...play(1), file: 'odd.jsonl' })).result();
  expect(result).toMatchObject({ total: 5, totals: { success: 4, error: 1 }, brokenCount: 3 });
  expect(result.broken).toMatchObject([
    { line: 3, reason: expect.stringMatching(/^no JSON/) },
    { line: 7, reason: 'expected a JSON object' },
    { line: 9, reason: expect.stringMatching(/^question: /) },
  ]);
  const rows = rowsIn(result.output, 1);
  expect(rows.map(({ src }) => src)).toEqual(
    expect.arrayContaining([
      { id: 'a', question: 'Why?' },
      { id: 'b', question: '这是问题', file_path: '' },
      { id: 'd', question: 'With a file', file_path: 'here.txt', reference: null },
    ]),
  );
  expect(rows.filter(({ src }) => src.id === 'a')).toHaveLength(2);
  expect(JSON.stringify(rows.find(({ src }) => src.id === 'd')?.result)).toContain('* here.txt');
  expect(rows.filter(({ status }) => status === 'error')).toMatchObject([
    { src: { file_path: ['none.txt'] }, result: { error: expect.stringContaining('none.txt') } },
  ]);
  expect(new Set(rows.filter(({ query }) => query === 'Why?').map((row) => row.query_id))).toEqual(
    new Set(['a845a476-ad58-52b7-8c8f-d5146ad1213a']),
  );
});

test('rollouts of a question share searches where they are told to', { timeout: 300_000 }, async () => {
  const id = `batch-${randomUUID()}`;
  await (await start({ ...play(1), rows: questions(2), rollouts: 2, shareSearches: true }, id)).result();
  const shared = async (place: string) =>
    (await sessions.client.workflow.getHandle(`${id}.${place}`).query<Checkpoint>(QUERY.checkpoint)).prepared.session
      .sharedSearches;
  expect(await Promise.all(['00001.r1', '00001.r2', '00002.r1'].map(shared))).toEqual([
    `${id}.1`,
    `${id}.1`,
    `${id}.2`,
  ]);
});

test('questions that are sent compressed are taken', { timeout: 300_000 }, async () => {
  const packed = gzipSync('{"id": 1, "question": "Why?"}\n\n{"id": 2, "question": "为什么？"}').toString('base64');
  expect(await (await start({ ...play(1), packed })).result()).toMatchObject({ total: 2, totals: { success: 2 } });
});

test('a file that a client has sent is taken', { timeout: 300_000 }, async () => {
  const path = join(sessions.stateDir, 'sent.jsonl');
  writeFileSync(path, '{"id": 1, "question": "Why?"}\n{"id": 2, "question": "为什么？"}');
  const client = new DeepResearchClient({ client: sessions.client, taskQueue: sessions.taskQueue });
  const batch = await client.startBatch(
    { ...play(1), file: await client.sendFile(path) },
    { id: `sent-${randomUUID()}` },
  );
  expect(await batch.result()).toMatchObject({ total: 2, totals: { success: 2 } });
  const missing = { name: 'gone.jsonl', sha256: '0'.repeat(64), bytes: 5 };
  const refused = await client.startBatch({ ...play(1), file: missing }, { id: `gone-${randomUUID()}` });
  await expect(refused.result()).rejects.toThrow(/file: "gone\.jsonl" cannot be used: it is neither in the store/);
});

test('pause, window, resume and cancel act on a batch; stopped and started again it goes on', {
  timeout: 300_000,
}, async () => {
  const id = `batch-${randomUUID()}`;
  const input = { ...play(2, { replyDelayMs: 300 }), rows: questions(12), window: 2 };
  const first = await start(input, id);
  const status = () => first.query<BatchStatus>(QUERY.status);
  await eventually('two are done', async () => (await status()).done >= 2);
  await first.executeUpdate(UPDATE.pause);
  await expect(first.executeUpdate(UPDATE.pause)).rejects.toThrow(/.*/);
  await eventually('nothing is at work', async () => {
    const { openCount, open, state } = await status();
    return openCount === 0 && open.length === 0 && state === 'paused';
  });
  await expect(first.executeUpdate(UPDATE.window, { args: [0] })).rejects.toThrow();
  await first.executeUpdate(UPDATE.window, { args: [4] });
  await first.executeUpdate(UPDATE.resume);
  await eventually('four are at work', async () => (await status()).openCount === 4);
  await first.cancel();
  await expect(first.result()).rejects.toThrow(WorkflowFailedError);
  expect((await first.describe()).status.name).toBe('CANCELLED');
  const stopped = await status();
  expect(stopped).toMatchObject({ state: 'cancelled', total: 12 });
  expect(rowsIn(stopped.output, 1)).toHaveLength(stopped.done);
  expect(existsSync(join(stopped.output, 'accounts'))).toBe(false);

  const again = await (await start(input, id)).result();
  expect(again).toMatchObject({ state: 'done', total: 12, skipped: stopped.done });
  expect(again.totals.success).toBe(12 - stopped.done);
  expect(
    rowsIn(again.output, 1)
      .map(({ src }) => Number(src.id))
      .sort((a, b) => a - b),
  ).toEqual(questions(12).map((row) => row.id));
});

test('what people say together with the start is taken', { timeout: 300_000 }, async () => {
  const workflowId = `batch-${randomUUID()}`;
  const { taskQueue } = sessions;
  await sessions.client.workflow.executeUpdateWithStart(UPDATE.pause, {
    startWorkflowOperation: new WithStartWorkflowOperation(WORKFLOW.batch, {
      workflowId,
      taskQueue,
      args: [{ ...play(1), rows: questions(2) }],
      workflowIdConflictPolicy: 'FAIL',
    }),
  });
  const batch = sessions.client.workflow.getHandle(workflowId);
  await batch.executeUpdate(UPDATE.window, { args: [1] });
  const status = () => batch.query<BatchStatus>(QUERY.status).catch(() => undefined);
  await eventually('it is prepared', async () => (await status())?.total === 2);
  expect(await status()).toMatchObject({ state: 'paused', window: 1, openCount: 0, done: 0 });
  await batch.executeUpdate(UPDATE.resume);
  expect(await batch.result()).toMatchObject({ state: 'done', totals: { success: 2 } });
});

test('a batch that is terminated finds the sessions that went on without it', { timeout: 300_000 }, async () => {
  const id = `batch-${randomUUID()}`;
  const input = { ...play(2, { replyDelayMs: 1000 }), rows: questions(3) };
  const first = await start(input, id);
  const runs = () =>
    Promise.all(
      [1, 2, 3].map(async (row) => (await sessions.client.workflow.getHandle(`${id}.0000${row}.r1`).describe()).runId),
    );
  await eventually('three run', runs);
  const before = await runs();
  await first.terminate();
  const second = await start(input, id);
  expect(await second.result()).toMatchObject({ totals: { success: 3 } });
  expect(await runs()).toEqual(before);
  const { outcomes } = await second.query<BatchProgress>(QUERY.progress);
  expect(outcomes.map(({ row }) => row).sort()).toEqual([1, 2, 3]);
});

test('rows that failed run again under another attempt; what was finished stays', { timeout: 300_000 }, async () => {
  const id = `batch-${randomUUID()}`;
  const rows = [
    { id: 1, question: 'Good?' },
    { id: 2, question: 'Bad?', file_path: 'later.txt' },
  ];
  const first = await (await start({ ...play(1), rows }, id)).result();
  expect(first.totals).toMatchObject({ success: 1, error: 1 });
  writeFileSync(join(files, 'later.txt'), 'Now it is there.');
  const second = await (await start({ ...play(1), rows, attempt: 2 }, id)).result();
  expect(second).toMatchObject({ skipped: 1, totals: { success: 1, error: 0 } });
  expect(rowsIn(second.output, 1).map(({ status }) => status)).toEqual(['success', 'success']);
});

test('output that was taken away is waited for, and why is told', { timeout: 300_000 }, async () => {
  const batch = await start({ ...play(2, { replyDelayMs: 200 }), rows: questions(6), window: 1 });
  const status = () => batch.query<BatchStatus>(QUERY.status);
  await eventually('one is done', async () => (await status()).done >= 1);
  const file = join((await status()).output, 'rollout_01.jsonl');
  renameSync(file, `${file}.away`);
  await eventually('the write is tried again', async () => {
    const pending = await pendingCall(batch);
    return /put it back, then the batch goes on/.test(pending?.lastFailure?.message ?? '');
  });
  renameSync(`${file}.away`, file);
  const result = await batch.result();
  expect(result).toMatchObject({ totals: { success: 6 } });
  expect(rowsIn(result.output, 1)).toHaveLength(6);
});

test.each([
  [{}, /expected exactly one of "rows" and "file"/],
  [{ file: 'none.jsonl' }, /"none\.jsonl" cannot be used/],
  [{ file: '../x.jsonl' }, /file: .*\.\./],
  [{ rows: [{ question: 'Why?' }], rollouts: 0 }, /rollouts: .*got the number 0/],
  [{ rows: [{ question: 'Why?' }], concurrency: 3 }, /unknown field "concurrency"/],
  [{ rows: [{ id: 1 }] }, /nothing in it can be run: line 1: question/],
])('%j is refused at once', { timeout: 300_000 }, async (input, message) => {
  const batch = await start(input as BatchInput);
  const failed = await batch.result().catch((error: WorkflowFailedError) => error);
  expect((failed as WorkflowFailedError).cause?.message).toMatch(message);
  const { events } = await batch.fetchHistory();
  expect(events?.some(({ workflowTaskFailedEventAttributes }) => workflowTaskFailedEventAttributes)).toBe(false);
});
