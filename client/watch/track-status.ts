import type { Status } from '../../protocol/status.ts';
import type { SessionEvent } from '../events.ts';

/** Turns statuses into events: changes, pauses, holds, and answers while the session stays open. */
export function trackStatus(afterRound = 0): (status: Status) => SessionEvent[] {
  let last: Status | undefined;
  let shown = '';
  let answeredRounds = afterRound;

  return (status) => {
    const events: SessionEvent[] = [];
    const text = JSON.stringify(status);
    if (text !== shown) events.push({ type: 'status', status });
    shown = text;

    const stood = isStanding(last);
    if (status.state === 'paused' && last?.state !== 'paused') events.push({ type: 'paused' });
    else if (status.hold !== undefined && last?.hold !== status.hold) {
      events.push({ type: 'holding', reason: status.hold });
    } else if (stood && !isStanding(status)) events.push({ type: 'resumed' });

    if (status.state === 'open' && status.result && status.result.rounds > answeredRounds) {
      answeredRounds = status.result.rounds;
      events.push({ type: 'answered', result: status.result, open: true });
    }
    last = status;
    return events;
  };
}

const isStanding = (status?: Status): boolean => status?.state === 'paused' || status?.hold !== undefined;
