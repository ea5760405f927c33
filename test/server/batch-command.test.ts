import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OriginalRow } from '../../protocol/original/row.ts';
import { runDeepResearch } from '../support/run-program.ts';
import { startS3Server } from '../support/s3-server.ts';
import { openSessions, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

let sessions: Sessions;
/** The worker's folder of input files. */
let files: string;
const at = (name: string) => join(sessions.stateDir, name);

beforeAll(async () => {
  sessions = await openSessions();
  files = at('given');
  mkdirSync(files);
  await sessions.work({ DEEP_RESEARCH_FILES_DIR: files });
}, START_LIMIT_MS);

afterAll(() => sessions?.close());

const deepResearch = (...args: string[]) => runDeepResearch(args, sessions.env);

const rowsIn = (name: string): OriginalRow[] =>
  readFileSync(at(name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as OriginalRow);

const PLAY = ['--tools', 'bash', '--model-extra-body', '{"rehearsal":{"rounds":1,"answer":"Paris"}}'];
const LIMIT = { timeout: 300_000 };

test('a benchmark is run as a batch, failed rows again, and scored, also by a judge', LIMIT, async () => {
  const gaia = [
    { task_id: 'a', Question: 'Capital of France?', Level: 1, 'Final answer': 'paris.' },
    { task_id: 'b', Question: 'Capital of Chad?', Level: 1, 'Final answer': "N'Djamena" },
    { task_id: 'c', Question: 'What does the file say?', Level: 1, 'Final answer': 'Paris', file_name: 'later.txt' },
  ];
  writeFileSync(at('metadata.jsonl'), gaia.map((row) => JSON.stringify(row)).join('\n'));
  const asked = await deepResearch('questions', at('metadata.jsonl'), '--format', 'gaia', '-o', at('gaia.jsonl'));
  expect(asked).toMatchObject({ code: 0, err: expect.stringContaining('3 questions written') });
  writeFileSync(at('gaia.jsonl'), '{"broken\n', { flag: 'a' });

  const run = () => deepResearch('batch', at('gaia.jsonl'), '--out', at('out.jsonl'), ...PLAY);
  const first = await run();
  expect(first.err).toContain('gaia.jsonl: line 4 is left out: no JSON');
  expect(first.out).toMatch(/3 sessions, 2 success, 0 timeout, 1 error/);
  expect(first.code).toBe(1);
  const id = /^Batch (batch-gaia-\S+)$/m.exec(first.out)?.[1] as string;
  expect(first.out).toContain(`retry-failed ${id}`);
  expect(
    rowsIn('out.jsonl')
      .map(({ status }) => status)
      .sort(),
  ).toEqual(['error', 'success', 'success']);

  const status = await deepResearch('batch-status', id);
  expect(status.out).toMatch(/error {2}batch-gaia-\S+\.00003\.r1: .*later\.txt/);

  writeFileSync(join(files, 'later.txt'), 'Paris it is.');
  const retried = await deepResearch('retry-failed', id, '--out', at('out.jsonl'), '--json');
  expect(retried).toMatchObject({ code: 0 });
  const last = JSON.parse(retried.out.trimEnd().split('\n').at(-1) as string);
  expect(last).toMatchObject({ type: 'result', id, total: 3, skipped: 2, totals: { success: 1 } });
  expect(
    rowsIn('out.jsonl')
      .map(({ src, status: ended }) => `${src.id} ${ended}`)
      .sort(),
  ).toEqual(['a success', 'b success', 'c success']);

  // As on another machine: the workers' files cannot be seen, and the sessions are asked.
  const { output } = last as { output: string };
  for (const name of readdirSync(output)) if (name.startsWith('opened-')) rmSync(join(output, name));
  const elsewhere = await deepResearch('batch-watch', id, '--out', at('elsewhere'));
  expect(elsewhere).toMatchObject({ code: 0, err: expect.stringContaining('asking the sessions') });
  const byId = (rows: OriginalRow[]) => rows.map((row) => JSON.stringify(row)).sort();
  expect(byId(rowsIn('elsewhere/rollout_01.jsonl'))).toEqual(byId(rowsIn('out.jsonl')));
  expect(readFileSync(at('elsewhere/summary.html'), 'utf8')).toContain('<figcaption><strong>Rounds</strong>');

  const again = await run();
  expect(again).toMatchObject({ code: 0, err: expect.stringContaining('is done already') });

  const judged = ['--judge', '--model-extra-body', '{"rehearsal":{"rounds":0,"answer":"correct: it is."}}'];
  const scored = await deepResearch('score', at('out.jsonl'), ...judged, '--json', '-o', at('scores.jsonl'));
  expect(scored.code, scored.err).toBe(0);
  const { scores } = JSON.parse(scored.out) as { scores: { measure: string; mean: { value: number } }[] };
  expect(scores.map(({ measure, mean }) => [measure, Math.round(100 * mean.value)])).toEqual([
    ['exact', 33],
    ['normalised', 67],
    ['judge', 100],
  ]);
  expect(rowsIn('scores.jsonl')).toHaveLength(3);
  // Judged once: the same command finds the verdicts.
  expect((await deepResearch('score', at('out.jsonl'), ...judged)).err).toContain('is done already');
});

test('output in a bucket is read while it is written, and is whole at the end', LIMIT, async () => {
  const key = { id: 'id', secret: 'secret', bucket: 'research' };
  const bucket = await startS3Server(key);
  const taskQueue = `${sessions.taskQueue}-bucket`;
  const rights = { AWS_ACCESS_KEY_ID: key.id, AWS_SECRET_ACCESS_KEY: key.secret, AWS_ENDPOINT_URL: bucket.url };
  const env = { ...rights, TEMPORAL_TASK_QUEUE: taskQueue };
  const worker = await sessions.work({ ...env, DEEP_RESEARCH_BATCH_DIR: 's3://research/batches' });
  const lines = Array.from({ length: 6 }, (_, index) => JSON.stringify({ id: index, question: `Why ${index}?` }));
  writeFileSync(at('bucket.jsonl'), lines.join('\n'));
  const run = (into: string, more: NodeJS.ProcessEnv) =>
    runDeepResearch(
      [
        ...['batch', at('bucket.jsonl'), '--id', 'in-bucket', '--out', at(into), '--log-label', 'trial'],
        ...['--rollouts', '2', '--window', '2', '--json', ...PLAY],
      ],
      { ...sessions.env, TEMPORAL_TASK_QUEUE: taskQueue, ...more },
    );
  const first = await run('from-bucket', rights);
  expect(first.code, first.err).toBe(0);
  expect(JSON.parse(first.out.trimEnd().split('\n').at(-1) as string)).toMatchObject({
    output: 's3://research/batches/in-bucket',
    totals: { success: 12 },
  });
  const names = [...bucket.objects.keys()].map((path) => path.replace('/research/batches/in-bucket/', ''));
  expect(names.filter((name) => !/^(opened|logs)/.test(name)).sort()).toEqual([
    'input.jsonl',
    'plan.bin',
    'rollout_01.jsonl',
    'rollout_02.jsonl',
    'summary.json',
  ]);
  expect(names.filter((name) => name.startsWith('logs/'))).toHaveLength(25);
  for (const rollout of ['rollout_01.jsonl', 'rollout_02.jsonl']) {
    const written = bucket.objects.get(`/research/batches/in-bucket/${rollout}`)?.toString('utf8');
    expect(readFileSync(at(`from-bucket/${rollout}`), 'utf8')).toBe(written);
    expect(
      rowsIn(`from-bucket/${rollout}`)
        .map(({ src }) => src.id)
        .sort(),
    ).toEqual([0, 1, 2, 3, 4, 5]);
  }
  // Who has no right to the bucket asks the sessions.
  const asked = await run('without-rights', {});
  expect(asked.err).toContain('asking the sessions');
  const sorted = (name: string) => readFileSync(at(name), 'utf8').split('\n').sort();
  expect(sorted('without-rights/rollout_02.jsonl')).toEqual(sorted('from-bucket/rollout_02.jsonl'));
  await worker.stop();
  await bucket.close();
});

test("what the original has finished is taken over, under the original's options", LIMIT, async () => {
  const questions = [1, 2, 3].map((id) => ({ id, question: `Why ${id}?` }));
  writeFileSync(at('three.jsonl'), questions.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const old = {
    query_id: 'x',
    query: 'Why 2?',
    status: 'success',
    result: { query_id: 'x-1', final_answer: 'Old.' },
    rollout_idx: 1,
    src: questions[1],
    segment_idx: 1,
    segment_total: 1,
  };
  writeFileSync(at('old.jsonl'), `${JSON.stringify(old)}\n`);
  const { out, code } = await deepResearch(
    'batch',
    ...['--test_data_file', at('three.jsonl'), '--output_file', at('new.jsonl'), '--resume_from_file', at('old.jsonl')],
    ...['--concurrency_workers', '2', '--max_rounds', '5', '--available_tools', 'bash'],
    ...['--extra_payload', '{"rehearsal":{"rounds":1,"answer":"New."}}'],
  );
  expect(out).toMatch(/3 sessions, 2 success, 0 timeout, 0 error, 1 taken over/);
  expect(code).toBe(0);
  const answers = rowsIn('new.jsonl').map(
    ({ src, result }) => `${src.id} ${/Old|New/.exec(JSON.stringify(result))?.[0]}`,
  );
  expect(answers.sort()).toEqual(['1 New', '2 Old', '3 New']);
});

test('a batch that runs is paused, widened and stopped; what cannot be done is told', LIMIT, async () => {
  writeFileSync(at('long.jsonl'), '{"question": "Why?"}\n');
  const slow = ['--tools', 'bash', '--model-extra-body', '{"rehearsal":{"rounds":500,"replyDelayMs":300}}'];
  const started = await deepResearch('batch', at('long.jsonl'), '--id', 'slow', '--no-watch', ...slow);
  expect(started).toMatchObject({ code: 0, out: 'slow\n' });
  const watching = deepResearch('batch-watch', 'slow');
  expect(await deepResearch('batch-pause', 'slow')).toMatchObject({ code: 0 });
  expect(await deepResearch('batch-pause', 'slow')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/paused already/),
  });
  expect(await deepResearch('batch-window', 'slow', '3')).toMatchObject({ code: 0, err: 'At most 3 at once.\n' });
  expect(await deepResearch('batch-window', 'slow', '0')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/from 1 to 1000/),
  });
  expect(await deepResearch('retry-failed', 'slow')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/still runs/),
  });
  expect(await deepResearch('batch-cancel', 'slow')).toMatchObject({ code: 0 });
  expect(await watching).toMatchObject({ code: 1, err: expect.stringMatching(/was cancelled/) });
  expect(await deepResearch('batch', at('none.jsonl'))).toMatchObject({
    code: 2,
    err: expect.stringMatching(/no file/),
  });
  expect(await deepResearch('batch', at('long.jsonl'), '--rollouts', '0')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/rollouts/),
  });
});
