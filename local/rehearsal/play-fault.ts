import { setTimeout as sleep } from 'node:timers/promises';
import { promptTooLong } from './errors.ts';
import { type Exchange, sendError, sendJson, sendText, untilGone, write } from './exchange.ts';
import type { Fault } from './faults.ts';

/** Time for what was written to reach the client before a reset drops it, in ms. */
const FLUSH_MS = 20;

/** Plays a fault that replaces the whole answer. False for the faults that come in the middle of one. */
export async function playInstead(exchange: Exchange, fault: Fault, maxModelLen: number): Promise<boolean> {
  switch (fault.kind) {
    case 'refuse':
      exchange.res.socket?.resetAndDestroy();
      return true;
    case 'hang':
      await untilGone(exchange);
      return true;
    case 'status':
      if (typeof fault.body === 'string') sendText(exchange, fault.status, fault.body, fault.headers);
      else sendJson(exchange, fault.status, fault.body ?? defaultBody(fault.status), fault.headers);
      return true;
    case 'overflow':
      sendError(exchange, promptTooLong(maxModelLen));
      return true;
    default:
      return false;
  }
}

const defaultBody = (code: number) => ({
  error: { message: `Status ${code} on demand.`, type: 'RehearsalFault', param: null, code },
});

/** Plays a fault in the middle of an answer whose head is sent; `event` is what would have come next. */
export async function playMidway(exchange: Exchange, fault: Fault, event: string): Promise<void> {
  const { res } = exchange;
  switch (fault.kind) {
    case 'reset-mid-stream':
      await sleep(FLUSH_MS);
      res.socket?.resetAndDestroy();
      return;
    case 'hang-mid-stream':
      await untilGone(exchange);
      return;
    case 'broken-json':
      await write(exchange, `${event.trimEnd().slice(0, -2)}\n\n`);
      res.end('data: [DONE]\n\n');
      return;
    default:
      res.end(event.slice(0, event.length / 2));
  }
}
