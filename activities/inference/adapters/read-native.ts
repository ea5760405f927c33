import type { Generated, ModelRequest, RawReply } from '../adapter.ts';
import type { Endpoint } from '../endpoint.ts';
import { startClock } from './clock.ts';
import { nativeCalls, type WrittenCall } from './native-calls.ts';
import { type Fields, postStream, type StreamRequest } from './post-stream.ts';
import { stampOf } from './reply-stamp.ts';

/** Reads the events of an API's stream into `generated`; `end` tells what they came to. */
type Reader = (
  endpoint: Endpoint,
  generated: Generated,
  onToken: () => void,
) => { read(event: Fields): void; end(): NativeSaid };

/** A reply whose calls are in the API's own fields. */
export type NativeSaid = Pick<RawReply, 'text' | 'reasoning' | 'native' | 'usage' | 'finishReason'> & {
  calls: WrittenCall[];
};

/** One streamed reply of an API whose stream has events of its own kind. */
export async function readNative(call: ModelRequest, request: StreamRequest, reader: Reader): Promise<RawReply> {
  const clock = startClock();
  const { read, end } = reader(call.endpoint, call.generated, clock.tick);
  await postStream(call, request, read);
  const { calls, ...said } = end();
  return { ...said, calls: nativeCalls(calls, call.tools), ...stampOf(call, clock, request.body) };
}
