import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { copyOutput } from '../../client/batch/copy-output.ts';
import { finishedRows } from '../../client/batch/finished-rows.ts';
import { folderSource } from '../../client/batch/output-source.ts';
import { packRows } from '../../client/batch/pack.ts';
import { readQuestions } from '../../client/batch/read-questions.ts';
import { summaryPage } from '../../client/batch/summary-page.ts';
import { addBatchOptions, type BatchOptions, readBatchOptions } from '../../client/cli/batch-options.ts';
import { costText, readPrices } from '../../client/cli/batch-view/cost.ts';
import { addSample, progressLine, rateOf } from '../../client/cli/batch-view/progress-line.ts';
import { summaryLines } from '../../client/cli/batch-view/summary.ts';
import { batchId } from '../../client/cli/commands/batch.ts';
import { type BatchResult, type BatchStatus, noTotals } from '../../protocol/batch.ts';
import { count } from '../../protocol/sketch.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'deep-research-batch-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string, ...lines: unknown[]): string => {
  const path = join(folder, name);
  writeFileSync(path, lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''));
  return path;
};

/** An output row. */
const row = (id: number, more: object = {}) => ({
  query_id: `q${id}`,
  query: `Why ${id}?`,
  status: 'success',
  result: { query_id: `q${id}-1`, final_answer: 'So.' },
  rollout_idx: 1,
  segment_idx: 1,
  segment_total: 1,
  src: { id, question: `Why ${id}?` },
  ...more,
});

const ask = (id: number) => ({ id, question: `Why ${id}?` });

describe('the options of the batch', () => {
  const parse = (line: string) => {
    const said: string[] = [];
    const command = addBatchOptions(new Command('batch').argument('[file]').exitOverride());
    command.parse(line.split(' ').filter(Boolean), { from: 'user' });
    const [given] = command.args;
    return { ...readBatchOptions(given, command.opts<BatchOptions>(), (text) => said.push(text)), said };
  };

  test("have the original's spellings as well", () => {
    const {
      file: path,
      options,
      said,
    } = parse(
      '--test_data_file in.jsonl --available_tools wide_search wide_visit bash --concurrency_workers 8 --rollout_num 3 --max_rounds 50 --temperature 0.85 --top_p 0.9 --extra_payload {"presence_penalty":1} --timeout_for_one_query 1800 --output_file x.jsonl --output_dir out --resume_from_file old.jsonl --discard_all_mode true --discard_ratio 0.7 --model_max_context_tokens 64000 --log_label trial --llm_client_urls http://a http://b --save_batch_size 10 --verbose',
    );
    expect(path).toBe('in.jsonl');
    expect(options).toMatchObject({
      tools: ['search', 'visit', 'bash'],
      window: 8,
      rollouts: 3,
      maxRounds: 50,
      modelTemperature: 0.85,
      modelTopP: 0.9,
      modelExtraBody: { presence_penalty: 1 },
      timeout: 1800,
      out: 'out',
      resumeFrom: ['old.jsonl'],
      contextStrategy: 'discard_all',
      discardRatio: 0.7,
      contextTokens: 64_000,
      logLabel: 'trial',
    });
    expect(said).toEqual([
      expect.stringMatching(/^--llm_client_urls has no effect: .*LLM_SERVER_BASE_ENDPOINT_URL/),
      expect.stringMatching(/^--save_batch_size has no effect/),
    ]);
  });

  test('of one rollout take the output file, of several the folder; ours win', () => {
    expect(parse('in.jsonl --output_file x.jsonl --output_dir out').options.out).toBe('x.jsonl');
    expect(parse('in.jsonl --output_file x.jsonl --out here').options.out).toBe('here');
    expect(parse('in.jsonl --discard_all_mode false').options.contextStrategy).toBe('answer');
    expect(() => parse('')).toThrow('expected a file of questions');
  });
});

test('the id of a batch is that of its questions and settings, whatever the window', () => {
  const input = { rows: [ask(1)], maxRounds: 9 };
  const id = batchId('/x/GAIA dev.jsonl', input, false);
  expect(id).toMatch(/^batch-gaia-dev-[0-9a-f]{8}$/);
  expect(batchId('/x/GAIA dev.jsonl', { maxRounds: 9, rows: [ask(1)], window: 3 }, false)).toBe(id);
  expect(batchId('/x/GAIA dev.jsonl', { ...input, maxRounds: 8 }, false)).not.toBe(id);
  expect(batchId('/x/GAIA dev.jsonl', input, true)).toMatch(new RegExp(`^${id}-[0-9a-f]{4}$`));
});

test('questions are read whole; broken lines are told by their numbers', async () => {
  const path = file('in.jsonl', '\ufeff{"id":1,"question":"Why 1?"}\r', '{', '', ask(2), { id: 1, question: 'Why 1?' });
  const read = await readQuestions(path);
  expect(read.rows).toEqual([ask(1), ask(2), ask(1)]);
  expect(read).toMatchObject({ broken: [{ line: 2 }], duplicates: 1 });
  await expect(readQuestions(join(folder, 'none'))).rejects.toThrow(/There is no file/);
  await expect(readQuestions(file('bad.jsonl', '{'))).rejects.toThrow(/line 1: no JSON/);
});

test('few questions are sent as they are, many compressed, too many go as a file', () => {
  expect(packRows([ask(1)])).toEqual({ rows: [ask(1)] });
  const many = Array.from({ length: 10_000 }, (_, i) => ask(i));
  expect(packRows(many)?.packed?.length).toBeLessThan(200_000);
  const noise = Array.from({ length: 3000 }, () => ({
    question: Buffer.from(Array.from({ length: 900 }, () => Math.random() * 256)).toString('base64'),
  }));
  expect(packRows(noise)).toBeUndefined();
});

test('what earlier output has finished is skipped: not failures, not cut lines, not half sessions', async () => {
  const rows = [1, 2, 3, 4, 5, 6, 1].map(ask);
  const half = row(5, { segment_total: 2 });
  const old = file(
    'old.jsonl',
    row(1),
    row(2),
    row(3, { status: 'timeout' }),
    row(4, { result: { query_id: 'q4-1', final_answer: '' } }),
    half,
    row(6, { rollout_idx: 2 }),
    JSON.stringify(row(3)).slice(0, 40),
  );
  expect(await finishedRows([old], rows, 2)).toEqual({ 1: [[1, 2]], 2: [[6, 6]] });
  expect(await finishedRows([old, file('again.jsonl', row(1), row(1))], rows, 1)).toEqual({
    1: [
      [1, 2],
      [7, 7],
    ],
  });
});

describe('the copy of the output', () => {
  test('follows row by row, and holds each once however often it is begun', async () => {
    const from = join(folder, 'workers');
    const to = join(folder, 'mine');
    mkdirSync(from);
    const source = join(from, 'rollout_01.jsonl');
    const mine = () =>
      readFileSync(join(to, 'rollout_01.jsonl'), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line).src.id);
    const first = await copyOutput(folderSource(from), to, 1);
    await first.update();
    expect(mine()).toEqual([]);
    appendFileSync(source, `${JSON.stringify(row(1))}\n${JSON.stringify(row(2, { status: 'error' }))}\n{"src":`);
    await first.update();
    expect(mine()).toEqual([1, 2]);
    // As a command that was killed in a write leaves it.
    appendFileSync(join(to, 'rollout_01.jsonl'), '{"half');
    const second = await copyOutput(folderSource(from), to, 1);
    await second.update();
    expect(mine()).toEqual([1, 2]);
    writeFileSync(source, [row(1), row(3), row(2)].map((each) => `${JSON.stringify(each)}\n`).join(''));
    const retried = await copyOutput(folderSource(from), to, 1);
    await retried.update();
    await retried.update();
    expect(mine()).toEqual([1, 3, 2]);
  });

  test('takes over what earlier files have finished, into a file where one is named', async () => {
    const from = join(folder, 'workers');
    mkdirSync(from);
    writeFileSync(join(from, 'rollout_01.jsonl'), `${JSON.stringify(row(2))}\n`);
    const copy = await copyOutput(folderSource(from), join(folder, 'all.jsonl'), 1, [
      file('old.jsonl', row(1), row(9, { status: 'error' })),
    ]);
    await copy.update();
    expect(copy.files).toEqual([join(folder, 'all.jsonl')]);
    expect(readFileSync(join(folder, 'all.jsonl'), 'utf8')).toBe(
      `${JSON.stringify(row(1))}\n${JSON.stringify(row(2))}\n`,
    );
  });
});

test('the progress tells counts, rate and estimate', () => {
  const totals = {
    ...noTotals(),
    success: 30,
    error: 2,
    usage: { prompt: 900_000, cached: 810_000, completion: 100_000 },
  };
  const status: BatchStatus = {
    state: 'running',
    total: 100,
    rows: 50,
    rollouts: 2,
    skipped: 8,
    done: 32,
    totals,
    open: [],
    openCount: 16,
    window: 16,
    broken: [],
    brokenCount: 0,
    output: '/x',
    startedAt: 0,
  };
  const samples = addSample(addSample([], { at: 0, done: 2 }), { at: 60_000, done: 32 });
  expect(rateOf(samples)).toBe(0.5);
  expect(progressLine(status, samples)).toBe(
    '████████░░░░░░░░░░░░ 40% · 40/100 · 30.0/min, 2m 00s left · 16 at work · 2 error · 8 taken over · 1.0M tokens (90% cached)',
  );
});

test('prices make a cost; cached tokens may have their own', () => {
  const usage = { prompt: 3_000_000, cached: 2_000_000, completion: 500_000 };
  expect(costText(usage, readPrices('2,8'))).toBe('cost 10.00');
  expect(costText(usage, readPrices('2,8,0.5'))).toBe('cost 7.00');
  for (const text of ['', '2', '2,x', '2,8,1,1', '-1,2']) expect(() => readPrices(text)).toThrow(/two or three prices/);
});

test('the summary has percentiles, and says what to do about failures', () => {
  const totals = noTotals();
  for (let value = 1; value <= 100; value += 1) count(totals.rounds, value);
  Object.assign(totals, { success: 99, error: 1 });
  const lines = summaryLines(
    { state: 'done', total: 100, skipped: 0, totals, broken: [], brokenCount: 0, output: '/x', elapsedMs: 61_000 },
    'mine',
  );
  expect(lines[0]).toBe('Done after 1m 01s: 100 sessions, 99 success, 0 timeout, 1 error');
  const [, mean, p50, p90, p99, max] = (lines.find((line) => line.startsWith('rounds')) ?? '').split(/\s+/).map(Number);
  expect(mean).toBe(50.5);
  expect(p50).toBeGreaterThan(48);
  expect(p50).toBeLessThan(52);
  expect(p90).toBeCloseTo(90, -1);
  expect(p99).toBeGreaterThan(95);
  expect(max).toBe(100);
  expect(lines.join('\n')).toContain('retry-failed mine');
});

test('the summary as a page has figures and plots, and nothing that runs or loads', () => {
  const totals = noTotals();
  for (let value = 0; value <= 100; value += 1) count(totals.rounds, value);
  Object.assign(totals, { success: 101 });
  const broken = [{ line: 3, reason: '<script>alert(1)</script>' }];
  const page = summaryPage('<mine>', {
    ...{ state: 'done', total: 101, skipped: 0, totals, broken, brokenCount: 1, output: '/x', elapsedMs: 61_000 },
  } as BatchResult);
  expect(page).toContain('<h1>Batch &lt;mine&gt;</h1>');
  expect(page).toMatch(/<th>Rounds<\/th><td>50<\/td>/);
  expect(page).toContain('aria-label="Rounds: sessions by rounds, at most 100"');
  expect(page).not.toMatch(/<script|src=|href=|style="/);
  const counted = [...page.matchAll(/<title>up to [^<]*: (\d+)<\/title>/g)].reduce((sum, [, n]) => sum + Number(n), 0);
  expect(counted).toBe(101);
});
