import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Secret } from '../../activities/secret.ts';

const VALUE = 'sk-do-not-show';

test('a secret gives its value only when it is asked for it', () => {
  expect(new Secret(VALUE).reveal()).toBe(VALUE);
});

test('nothing that prints or serialises shows a secret', () => {
  const holder = { name: 'a', apiKey: new Secret(VALUE), headers: new Secret({ 'x-key': VALUE }) };
  const shown = [
    inspect(holder, { depth: null, showHidden: true, getters: true }),
    JSON.stringify(holder),
    `${holder.apiKey} ${holder.headers}`,
    String(Object.entries(holder)),
  ];
  for (const text of shown) {
    expect(text).not.toContain(VALUE);
    expect(text).toContain('[secret]');
  }
});
