import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Secret } from '../../activities/secret.ts';
import { hide, hideInAddresses, redact, withoutKeys } from '../../protocol/redact.ts';

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

test('what a header has of a login in an address is known as well, and the longer of two values first', () => {
  hideInAddresses('http://someone:pass%C3%A9-of-theirs@host/?page=3&language=portuguese');
  for (const value of ['sk-do-not-show', 'sk-do-not-show-either']) hide(value);
  const basic = Buffer.from('someone:passé-of-theirs').toString('base64');
  expect(redact(`Basic ${basic} sk-do-not-show-either in portuguese`)).toBe('Basic [secret] [secret] in [secret]');
});

test('of a result only what looks like a key is taken out', () => {
  hideInAddresses('http://host/?language=portuguese&api_key=0123456789abcdef');
  const text = 'In portuguese: https://a.example/?key=of-the-page with 0123456789abcdef';
  expect(withoutKeys(text)).toBe('In portuguese: https://a.example/?key=of-the-page with [secret]');
});
