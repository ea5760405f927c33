import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Pace } from '../../workflows/pace.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What a task was held for, if it was. */
function paced() {
  const held: number[] = [];
  const pace = new Pace((ms) => held.push(ms));
  return {
    pace,
    task(started: boolean, atWork = 16): number | undefined {
      pace.next(atWork, started);
      return held.splice(0)[0];
    },
    after: (ms: number) => vi.setSystemTime(Date.now() + ms),
  };
}

test('a task that starts sessions is not held, and what comes close behind it is taken together', () => {
  const { task, after } = paced();
  expect(task(true)).toBeUndefined();
  after(10);
  expect(task(false)).toBe(90);
  after(90);
  expect(task(true)).toBeUndefined();
  after(10);
  // Also sessions that can be started wait until it is time again.
  expect(task(true)).toBe(90);
  after(90);
  expect(task(true)).toBeUndefined();
});

test('a task that comes by itself is not held', () => {
  const { task, after } = paced();
  task(true);
  after(2000);
  expect(task(false)).toBeUndefined();
  expect(task(true)).toBeUndefined();
});

test('tasks are further apart where sessions or tasks take longer, and never more than a second', () => {
  const { pace, task, after } = paced();
  pace.ended(5000);
  task(true);
  after(10);
  expect(task(false)).toBe(190);
  pace.ended(600_000);
  expect(task(false)).toBe(990);

  const slow = paced();
  slow.task(true);
  after(60);
  expect(slow.task(false)).toBe(90);
});

test('few sessions do not wait for each other', () => {
  const { task, after } = paced();
  task(true, 7);
  after(10);
  expect(task(false, 7)).toBeUndefined();
});
