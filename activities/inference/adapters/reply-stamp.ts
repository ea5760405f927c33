import type { ModelRequest, RawReply } from '../adapter.ts';
import type { startClock } from './clock.ts';
import type { Fields } from './post-stream.ts';
import { recordOf } from './request-record.ts';

/** What every API's reply says of itself: who answered, when, and what was asked for. */
export const stampOf = (
  { endpoint }: ModelRequest,
  clock: ReturnType<typeof startClock>,
  body: Fields,
): Pick<RawReply, 'endpoint' | 'model' | 'firstTokenMs' | 'elapsedMs' | 'request'> => ({
  endpoint: endpoint.name,
  model: endpoint.model,
  ...clock.times(),
  ...recordOf(body),
});
