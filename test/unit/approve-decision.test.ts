import { expect, test } from 'vitest';
import { readDecision } from '../../workflows/controls.ts';

const decision = { callId: 'r1c1', approved: false, reason: 'Too dear.' };

test('a decision is three arguments or one object', () => {
  expect(readDecision('r1c1', false, 'Too dear.')).toEqual(decision);
  expect(readDecision(decision)).toEqual(decision);
  expect(readDecision({ callId: 'r1c1', approved: true })).toEqual({ ...decision, approved: true, reason: '' });
});

test.each([[5], [null], [{}], ['r1c1'], ['r1c1', 'yes'], [{ ...decision, reason: 5 }]])('%j is refused', (...args) => {
  expect(() => readDecision(args[0], args[1])).toThrow(/^approve/);
});
