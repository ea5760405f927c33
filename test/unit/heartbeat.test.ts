import { expect, test } from 'vitest';
import { heartbeatPause } from '../../activities/heartbeat.ts';

const SECOND = 1000;

/** When heartbeats come, in seconds from the start of a call. */
function beats(everyMs: number, untilMs: number): number[] {
  const times: number[] = [];
  for (let at = everyMs; at <= untilMs; at += heartbeatPause(at, everyMs)) times.push(at / SECOND);
  return times;
}

test('a call tells of itself in its first seconds as often as asked for, and less often the longer it runs', () => {
  expect(beats(SECOND, 10 * SECOND)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(beats(SECOND, 15 * SECOND)).toHaveLength(14);
  expect(beats(SECOND, 500 * SECOND).length).toBeLessThan(150);
  expect(beats(5 * SECOND, 15 * SECOND)).toEqual([5, 10, 15]);
});

test('no more than a tenth of it is untold, and never more than four seconds where no more were asked for', () => {
  for (let age = 10 * SECOND; age < 1000 * SECOND; age += SECOND) {
    expect(heartbeatPause(age, SECOND)).toBeLessThanOrEqual(Math.min(age / 10, 4 * SECOND));
  }
  expect(heartbeatPause(1000 * SECOND, 10 * SECOND)).toBe(10 * SECOND);
});
