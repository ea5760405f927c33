import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, END_OF_TURN, encode } from '../../local/rehearsal/tokenizer.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('a', '\n', '的', '😀', ' ') }),
);

describe('the tokenizer', () => {
  test('gives every text back', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(decode(encode(value))).toBe(value.toWellFormed());
      }),
    );
  });

  test('gives each token a text of its own, so that a stream never cuts a character', () => {
    // What is left of a character that was cut; a text may have it itself.
    const replacement = '\ufffd';
    const whole = text.filter((value) => !value.toWellFormed().includes(replacement));
    fc.assert(
      fc.property(whole, (value) => {
        const pieces = encode(value).map((id) => decode([id]));
        expect(pieces.join('')).toBe(value.toWellFormed());
        expect(pieces.join('')).not.toContain(replacement);
      }),
    );
  });

  test('gives a text cut after any token the same ids up to there', () => {
    fc.assert(
      fc.property(text, fc.nat(), (value, nat) => {
        const ids = encode(value);
        const cut = ids.slice(0, nat % (ids.length + 1));
        expect(encode(decode(cut))).toEqual(cut);
      }),
    );
  });

  test('has ids that depend on nothing but the text, and are safe integers', () => {
    expect(encode('abcd的\n\n<|im_end|>')).toEqual([
      4 * 2 ** 32 + 0x61626364,
      3 * 2 ** 32 + 0xe79a84,
      2 * 2 ** 32 + 0x0a0a,
      END_OF_TURN,
    ]);
    expect(encode('ÿÿ😀').every(Number.isSafeInteger)).toBe(true);
  });

  test('needs about a token for four characters of English', () => {
    const english = 'The timeout, in milliseconds, after which a request times out while receiving body data. '.repeat(
      20,
    );
    const ratio = english.length / encode(english).length;
    expect(ratio).toBeGreaterThan(3.5);
    expect(ratio).toBeLessThan(4.5);
  });

  test.each([5, -1, 5 * 2 ** 32, 1.5 * 2 ** 32 + 0.5])('names the id %s that it cannot read', (id) => {
    expect(() => decode([id])).toThrow(`Token id ${id} is out of vocabulary`);
  });
});
