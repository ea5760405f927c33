import type { Message } from '../../../protocol/messages.ts';
import type { Fields } from './post-stream.ts';

/** Fields that hold the transcript: in a long session nearly all of a request. */
const TRANSCRIPT = new Set(['messages', 'input']);

/** Messages as they were sent before. A session sends all of them again in every round. */
const sent = new WeakMap<object, Buffer>();

const COMMA = Buffer.from(',');

/** The JSON of a request, as UTF-8. What `JSON.stringify` gives, without the work for messages that were sent before. */
export function encodeBody(body: Fields): Buffer {
  const parts: Buffer[] = [];
  let separator = '{';
  for (const [name, value] of Object.entries(body)) {
    if (value === undefined) continue;
    parts.push(Buffer.from(`${separator}${JSON.stringify(name)}:`));
    if (TRANSCRIPT.has(name) && Array.isArray(value)) pushList(parts, value);
    else parts.push(Buffer.from(JSON.stringify(value)));
    separator = ',';
  }
  parts.push(Buffer.from(separator === '{' ? '{}' : '}'));
  return Buffer.concat(parts);
}

function pushList(parts: Buffer[], list: readonly unknown[]): void {
  parts.push(Buffer.from('['));
  for (const [index, item] of list.entries()) {
    if (index > 0) parts.push(COMMA);
    parts.push(encodeItem(item));
  }
  parts.push(Buffer.from(']'));
}

function encodeItem(item: unknown): Buffer {
  if (typeof item !== 'object' || item === null) return Buffer.from(JSON.stringify(item));
  const known = sent.get(item);
  if (known) return known;
  const bytes = Buffer.from(JSON.stringify(item));
  sent.set(item, bytes);
  return bytes;
}

/** A message in an API's form: the same object each time, by which its bytes are found again. */
export function oncePerMessage<T extends object>(convert: (message: Message) => T): (message: Message) => T {
  const made = new WeakMap<Message, T>();
  return (message) => {
    const known = made.get(message);
    if (known) return known;
    const fresh = convert(message);
    made.set(message, fresh);
    return fresh;
  };
}
