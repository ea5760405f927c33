import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packTokens, unpackTokens } from '../../activities/inference/continue/token-codec.ts';

test('packed ids come back whole, whatever their size', () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeNat()), (ids) => {
      expect(unpackTokens(packTokens(ids))).toEqual(ids);
    }),
  );
});

test('a thought of 20,000 tokens of a large vocabulary packs into 80 KB', () => {
  const ids = Array.from({ length: 20_000 }, (_, index) => (index * 7919) % 151_936);
  expect(packTokens(ids).length).toBeLessThan(81_000);
});

test('a text that was cut within an id gives none', () => {
  expect(unpackTokens(Buffer.from([5, 200]).toString('base64'))).toEqual([]);
});
