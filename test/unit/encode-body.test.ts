import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeBody, oncePerMessage } from '../../activities/inference/adapters/encode-body.ts';

function json(body: Record<string, unknown>): string {
  const { bytes, done } = encodeBody(body);
  const text = Buffer.from(bytes).toString('utf8');
  done();
  return text;
}

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

test('writes only what is new into the same bytes, also when other fields change', () => {
  const messages = [{ content: '问题' }, { content: 'a'.repeat(10_000) }];
  const first = encodeBody({ model: 'm', messages, seed: 1 });
  first.done();
  const longer = [...messages, { content: '答' }];
  const second = encodeBody({ model: 'm', messages: longer, seed: 2 });
  expect(Buffer.from(second.bytes).toString()).toBe(JSON.stringify({ model: 'm', messages: longer, seed: 2 }));
  expect(second.bytes.buffer).toBe(first.bytes.buffer);
  second.done();
});

test('a request that still runs keeps its bytes', () => {
  const messages = [{ content: 'same' }];
  const running = encodeBody({ model: 'm', messages, seed: 1 });
  const beside = encodeBody({ model: 'm', messages: [...messages, { content: 'more' }], seed: 2 });
  expect(Buffer.from(running.bytes).toString()).toBe(JSON.stringify({ model: 'm', messages, seed: 1 }));
  expect(Buffer.from(beside.bytes).toString()).toContain('more');
});

test('another model, or a transcript cut short, begins anew', () => {
  const messages = [{ content: 'a' }, { content: 'b' }];
  for (const body of [
    { model: 'm', messages },
    { model: 'longer', messages },
    { model: 'longer', messages: messages.slice(0, 1) },
  ]) {
    expect(json(body)).toBe(JSON.stringify(body));
  }
});

test('a message is converted once', () => {
  let made = 0;
  const convert = oncePerMessage(({ content }) => ({ text: content, number: ++made }));
  const message = { role: 'user' as const, content: 'Why?' };
  expect(convert(message)).toBe(convert(message));
  expect(convert({ ...message })).toEqual({ text: 'Why?', number: 2 });
});
