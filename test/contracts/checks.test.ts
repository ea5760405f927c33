import { describe, expect, test } from 'vitest';
import { SUMMARY_REQUEST } from '../../protocol/notices.ts';
import {
  checkpointBreaches,
  consumptionBreaches,
  effectBreaches,
  forkBreaches,
  prefixBreaches,
  recoveryBreaches,
} from './checks.ts';
import { EFFECTS, FOLLOW_UP, STEERING } from './rich-session.ts';

const summary = JSON.stringify({ role: 'user', content: SUMMARY_REQUEST });
const sound = [
  ['s', 'q'],
  ['s', 'q', 'a', 'r'],
  ['s', 'q', 'a', 'r'],
  ['s', 'q', 'a', 'r', summary],
  ['s', 'new'],
];

const round = (more: object) => ({ notes: [], calls: [], ...more });
const told = [
  {
    rounds: [
      round({ notes: [`The user: ${STEERING}`], calls: [{ id: 'r3c1', state: 'done' }] }),
      round({ calls: [{ id: 'r5c1', state: 'refused' }] }),
      round({ followUp: FOLLOW_UP }),
    ],
  },
];

describe('each contract holds for a sound session, and is broken by', () => {
  test('a transcript that does not go on from what was there', () => {
    expect(prefixBreaches(sound)).toEqual([]);
    expect(
      prefixBreaches([
        ['s', 'q', 'a'],
        ['s', 'q'],
      ]),
    ).toHaveLength(1);
    expect(
      prefixBreaches([
        ['s', 'q', 'a'],
        ['s', 'q', 'b', 'c'],
      ]),
    ).toHaveLength(1);
    expect(
      prefixBreaches([
        ['s', 'q', 'a'],
        ['s', 'new'],
      ]),
    ).toHaveLength(1);
    expect(
      prefixBreaches([
        ['s', 'q', summary],
        ['other', 'new'],
      ]),
    ).toHaveLength(1);
  });

  test('an effect that is repeated, left out or out of order', () => {
    expect(effectBreaches(EFFECTS)).toEqual([]);
    expect(effectBreaches([...EFFECTS, 'third'])).toHaveLength(1);
    expect(effectBreaches(EFFECTS.slice(1))).toHaveLength(1);
    expect(effectBreaches(EFFECTS.toReversed())).toHaveLength(1);
  });

  test('a state that never was', () => {
    expect(
      checkpointBreaches(
        [
          ['s', 'q'],
          ['s', 'q', 'a'],
        ],
        sound,
      ),
    ).toEqual([]);
    expect(checkpointBreaches([['s', 'x']], sound)).toHaveLength(1);
    expect(checkpointBreaches([['s', 'new', 'a']], sound)).toHaveLength(1);
  });

  test('a word of a person that is lost or used twice', () => {
    expect(consumptionBreaches(told)).toEqual([]);
    expect(consumptionBreaches([...told, { rounds: [round({ notes: [STEERING] })] }])).toHaveLength(1);
    expect(consumptionBreaches([{ rounds: told[0]?.rounds.slice(0, 2) ?? [] }])).toHaveLength(1);
    expect(consumptionBreaches(JSON.parse(JSON.stringify(told).replace('refused', 'done')))).toHaveLength(1);
  });

  test('another trajectory', () => {
    expect(recoveryBreaches(told, told)).toEqual([]);
    expect(recoveryBreaches(told, [])).toHaveLength(1);
  });

  test('a fork that begins otherwise, or touches its original', () => {
    const original = { next: ['s', 'q'], before: ['event'] };
    expect(forkBreaches({ first: ['s', 'q'], originalAfter: ['event'] }, original)).toEqual([]);
    expect(forkBreaches({ first: ['s', 'q', 'a'], originalAfter: ['event'] }, original)).toHaveLength(1);
    expect(forkBreaches({ first: undefined, originalAfter: ['event', 'one more'] }, original)).toHaveLength(2);
  });
});
