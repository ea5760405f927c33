import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeBody, oncePerMessage } from '../../activities/inference/adapters/encode-body.ts';

const json = (body: Record<string, unknown>) => encodeBody(body).toString('utf8');

test('gives the bytes of JSON.stringify, at first and again', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.array(fc.record({ role: fc.string(), content: fc.string({ unit: 'binary' }) })),
      (others, messages) => {
        const body = { model: 'm', messages, ...others };
        expect(json(body)).toBe(JSON.stringify(body));
        expect(json({ ...body, messages: [...messages, { role: 'user', content: '问' }] })).toBe(
          JSON.stringify({ ...body, messages: [...messages, { role: 'user', content: '问' }] }),
        );
      },
    ),
  );
});

test('leaves out what is undefined, as JSON does', () => {
  expect(json({ a: undefined, messages: [], b: 1 })).toBe('{"messages":[],"b":1}');
  expect(json({ a: undefined })).toBe('{}');
});

test('a message is converted once', () => {
  let made = 0;
  const convert = oncePerMessage(({ content }) => ({ text: content, number: ++made }));
  const message = { role: 'user' as const, content: 'Why?' };
  expect(convert(message)).toBe(convert(message));
  expect(convert({ ...message })).toEqual({ text: 'Why?', number: 2 });
});
