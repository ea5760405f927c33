import type { ModelMessage } from '../media.ts';
import { GrowingBytes } from './growing-bytes.ts';
import type { Fields } from './post-stream.ts';

/** Fields that hold the transcript: in a long session nearly all of a request. */
const TRANSCRIPT = new Set(['messages', 'input']);

/** A request's JSON as UTF-8. */
export interface EncodedBody {
  /** To be read before `done`. */
  bytes: Uint8Array;
  /** To be called once, when the request has ended: the next one of its session may then write over these bytes. */
  done(): void;
}

/** The last request of a session: its bytes up to the end of each of its messages. */
interface Sent {
  head: string;
  items: object[];
  ends: number[];
  bytes: GrowingBytes;
  busy: boolean;
}

/** By a transcript's first message, which is the same object as long as the process knows the session. */
const sent = new WeakMap<object, Sent>();

/**
 * What `JSON.stringify` gives, without the work for messages that were sent before. A session sends all of them again
 * in every round, and half a megabyte made anew each time costs as much in garbage as in writing.
 */
export function encodeBody(body: Fields): EncodedBody {
  const fields = Object.entries(body).filter(([, value]) => value !== undefined);
  const place = fields.findIndex(([name, value]) => TRANSCRIPT.has(name) && isTranscript(value));
  if (place < 0) return { bytes: Buffer.from(JSON.stringify(body)), done: () => {} };
  const [name, list] = fields[place] as [string, [object, ...object[]]];
  const before = fields.slice(0, place).map(([key, value]) => `${member(key, value)},`);
  const after = fields.slice(place + 1).map(([key, value]) => `,${member(key, value)}`);
  const head = `{${before.join('')}${JSON.stringify(name)}:[`;

  const last = lastSent(list[0], head);
  let same = 0;
  while (same < list.length && last.items[same] === list[same]) same += 1;
  last.items.length = last.ends.length = same;
  last.bytes.length = last.ends.at(-1) ?? 0;
  if (same === 0) last.bytes.add(head);
  for (const item of list.slice(same)) {
    last.bytes.add(`${last.items.length > 0 ? ',' : ''}${JSON.stringify(item)}`);
    last.items.push(item);
    last.ends.push(last.bytes.length);
  }
  last.bytes.add(`]${after.join('')}}`);
  last.busy = true;
  return {
    bytes: last.bytes.view(),
    done() {
      last.busy = false;
    },
  };
}

const member = (name: string, value: unknown): string => `${JSON.stringify(name)}:${JSON.stringify(value)}`;

const isTranscript = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'object' && item !== null);

/** Where two requests of a session run at once, as a call and its own retry, the second has bytes of its own. */
function lastSent(first: object, head: string): Sent {
  const known = sent.get(first);
  if (known && !known.busy && known.head === head) return known;
  const fresh: Sent = { head, items: [], ends: [], bytes: new GrowingBytes(), busy: false };
  if (!known?.busy) sent.set(first, fresh);
  return fresh;
}

/** A message in an API's form: the same object each time, by which its bytes are found again. */
export function oncePerMessage<T extends object>(convert: (message: ModelMessage) => T): (message: ModelMessage) => T {
  const made = new WeakMap<ModelMessage, T>();
  return (message) => {
    const known = made.get(message);
    if (known) return known;
    const fresh = convert(message);
    made.set(message, fresh);
    return fresh;
  };
}
