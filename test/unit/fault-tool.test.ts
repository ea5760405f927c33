import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { diceOf, seeded } from '../support/faults/dice.ts';
import { answerFaults } from '../support/faults/faulty-answer.ts';
import { type PlannedFault, planFaults } from '../support/faults/plan.ts';
import { playFaults } from '../support/faults/play.ts';
import { mountSmallDisk } from '../support/faults/small-disk.ts';

const WANTED = { 'worker-kill': 3, 'disk-full': 2, 'temporal-kill': 1 } as const;

test('a seed plans the same faults each time, and another seed others', () => {
  const plan = planFaults(diceOf(7), WANTED);
  expect(planFaults(diceOf(7), WANTED)).toEqual(plan);
  expect(planFaults(diceOf(8), WANTED)).not.toEqual(plan);
  expect(plan).toHaveLength(6);
  expect(plan.map(({ at }) => at)).toEqual(plan.map(({ at }) => at).sort((one, other) => one - other));
  // More of one kind leave the others where they were.
  const more = planFaults(diceOf(7), { ...WANTED, 'worker-stop': 4 });
  expect(more.filter(({ kind }) => kind !== 'worker-stop')).toEqual(plan);
});

test('a request meets the same faults with the same seed, whatever came before it, and in the end an answer', () => {
  const requests = Array.from({ length: 200 }, (_, index) => `query ${index}`);
  const options = { share: 0.3, most: 2 };
  const met = (order: string[]) => {
    const faultOf = answerFaults(diceOf(3), options);
    return new Map(order.map((request) => [request, [faultOf(request), faultOf(request), faultOf(request)]]));
  };
  const faults = met(requests);
  expect(met([...requests].reverse()).get('query 17')).toEqual(faults.get('query 17'));
  expect([...faults.values()].filter((each) => each[0]).length).toBeGreaterThan(30);
  for (const each of faults.values()) expect(each.filter(Boolean).length).toBeLessThanOrEqual(2);
});

test('faults are played in their order when the work has come to them, and one at a time where they hit one thing', async () => {
  let done = 0;
  const played: string[] = [];
  let atWork = 0;
  const play = async ({ kind }: PlannedFault) => {
    atWork += 1;
    expect(atWork).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 10));
    played.push(`${kind} ${done}`);
    atWork -= 1;
  };
  const fault = (kind: PlannedFault['kind'], at: number) => ({ kind, at, which: 0, seconds: 0 });
  const plan = [fault('temporal-kill', 0.2), fault('database-kill', 0.2), fault('temporal-stop', 0.9)];
  const over = new AbortController();
  const ended = playFaults(plan, {
    plays: { 'temporal-kill': play, 'database-kill': play, 'temporal-stop': play },
    progress: () => done,
    over: over.signal,
  });
  done = 0.5;
  await new Promise((resolve) => setTimeout(resolve, 200));
  over.abort();
  expect((await ended).map(({ kind }) => kind)).toEqual(['temporal-kill', 'database-kill']);
  expect(played).toEqual(['temporal-kill 0.5', 'database-kill 0.5']);
});

test('a small disk is full, and has room again', () => {
  const disk = mountSmallDisk(4);
  try {
    disk.fill();
    expect(() => writeFileSync(join(disk.path, 'file'), 'text')).toThrow(/ENOSPC/);
    disk.free();
    writeFileSync(join(disk.path, 'file'), 'text');
    expect(readFileSync(join(disk.path, 'file'), 'utf8')).toBe('text');
  } finally {
    disk.close();
  }
});

test('what goes wrong names the seed', async () => {
  await expect(seeded(diceOf(41), () => Promise.reject(new Error('It broke.')))).rejects.toThrow(
    '[FAULTS_SEED=41] It broke.',
  );
});
