import { expect, test } from 'vitest';
import { figuresOf, historyTable, type Lap, type Run, verdictLines } from '../../bench/history/figures.ts';
import { makeLaps } from '../../bench/history/laps.ts';
import { prose } from '../../bench/history/prose.ts';
import { median, pairedRatio, quantile } from '../../bench/statistics.ts';
import { tableLines } from '../../bench/table.ts';

const lap = (elapsedMs: number, modelMs = 0, queryMs = 0): Lap => ({
  rounds: 10,
  elapsedMs,
  modelMs,
  cpuMs: elapsedMs / 2,
  queryMs,
});
const runOf = (laps: Lap[], more: Partial<Run> = {}): Run => ({
  rounds: 30,
  historyBytes: 160,
  events: 12,
  transcriptBytes: 100,
  laps,
  ...more,
});

test('quantiles lie between neighbours, in whatever order the values come', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(quantile([10, 0], 0.25)).toBe(2.5);
  expect(median([])).toBeNaN();
});

test('a slow minute of the machine does not change a paired ratio', () => {
  expect(pairedRatio([12, 120, 12], [10, 100, 10])).toBeCloseTo(1.2);
  expect(() => pairedRatio([1], [1, 2])).toThrow('got 1 and 2');
});

test("figures leave the model's time out and compare laps that ran side by side", () => {
  const run = runOf([lap(500, 100, 50), lap(900, 100, 70), lap(700, 100, 60)]);
  const bare = runOf([lap(200), lap(400), lap(300)]);
  const figures = figuresOf([{ run, bare }]);
  expect(figures.msPerRound.median).toBe(60);
  expect(figures.bareRatio).toBe(2);
  expect(figures.queryMsPerRound).toBe(6);
  expect(figures.cpuMsPerRound).toBe(35);
  expect(figures.historyRatio).toBe(1.6);
});

test('a run that was terminated is compared with the laps it has, and says so', () => {
  const run = runOf([lap(600)], { rounds: 20, ended: 'terminated' });
  const figures = figuresOf([{ run, bare: runOf([lap(200), lap(900)]) }]);
  expect(figures).toMatchObject({ bareRatio: 3, rounds: 20, ended: 'terminated' });
});

test('the verdict is against the promise', () => {
  const bare = runOf([lap(100)]);
  const kept = figuresOf([{ run: runOf([lap(125)]), bare }]);
  expect(verdictLines(kept).every((line) => line.endsWith(': kept'))).toBe(true);
  const missed = figuresOf([{ run: runOf([lap(126)], { historyBytes: 161 }), bare }]);
  expect(verdictLines(missed).every((line) => line.endsWith(': NOT kept'))).toBe(true);
});

test('the table has a row for each design and no ratio where there is no transcript', () => {
  const bare = runOf([lap(100)], { transcriptBytes: 0 });
  const lines = historyTable({ bare: figuresOf([{ run: bare, bare }]) });
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/^bare +30 +160 +- +- +12 +10\.0 \(10\.0-10\.0\) +1\.00 +- +5\.0$/);
  expect(tableLines(['a', 'b'], [['long', '1']])).toEqual(['a     b', 'long  1']);
});

test('a workflow stands at the end of each lap until it is released', async () => {
  const laps = makeLaps(10);
  await laps.roundEnds('w', 9);
  let passed = false;
  const waiting = laps.roundEnds('w', 10).then(() => {
    passed = true;
  });
  await laps.stands('w');
  expect(passed).toBe(false);
  laps.release('w');
  await waiting;
  const next = laps.stands('w');
  const second = laps.roundEnds('w', 20);
  await next;
  laps.release('w');
  await second;
});

test('prose has its exact length, is the same for a seed, and differs between seeds', () => {
  expect(prose(3, 2800)).toHaveLength(2800);
  expect(prose(3, 500)).toBe(prose(3, 500));
  expect(prose(3, 500)).not.toBe(prose(4, 500));
});
