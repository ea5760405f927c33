import { isDeepStrictEqual } from 'node:util';
import { SUMMARY_REQUEST } from '../../protocol/notices.ts';
import { EFFECTS, FOLLOW_UP, STEERING } from './rich-session.ts';

/** What the six contracts say, as functions that name each breach. Nothing named: it holds. */

/** The messages of a model request, each as its JSON text. */
export type Request = readonly string[];

/**
 * 1. Prefix continuation: each request of a session is the one before and more, byte by byte, or the same again after a
 * crash. Only a summary is followed by a new segment, with the same system prompt.
 */
export function prefixBreaches(requests: readonly Request[]): string[] {
  return requests.slice(1).flatMap((next, index) => {
    const before = requests[index] as Request;
    if (before.every((message, at) => next[at] === message)) return [];
    const opens = next.length === 2 && next[0] === before[0] && isSummary(before);
    return opens ? [] : [`request ${index + 2} does not go on from the one before`];
  });
}

const isSummary = (request: Request): boolean =>
  request.at(-1)?.includes(JSON.stringify(SUMMARY_REQUEST).slice(1, 60)) === true;

/** 2. Effects exactly once: what the session's code left outside of its workspace, line by line. */
export function effectBreaches(left: readonly string[], expected: readonly string[] = EFFECTS): string[] {
  return JSON.stringify(left) === JSON.stringify(expected) ? [] : [`left ${left.join(', ') || 'nothing'}`];
}

/** 3. Checkpoint validity: the messages that were restored are such as the session really had, byte by byte. */
export function checkpointBreaches(restored: readonly Request[], real: readonly Request[]): string[] {
  return restored.flatMap((request, index) => {
    const isReal = real.some((other) => request.every((message, at) => other[at] === message));
    return isReal ? [] : [`restored transcript ${index + 1} of ${request.length} messages never was`];
  });
}

/** 4. Consume once: what people said, each thing twice, is in the session once. */
export function consumptionBreaches(trajectory: readonly object[]): string[] {
  const text = JSON.stringify(
    (trajectory as { rounds: { notes: string[]; followUp?: string; calls: { id: string; state: string }[] }[] }[])
      .flatMap(({ rounds }) => rounds)
      .map(({ notes, followUp, calls }) => ({
        notes,
        followUp,
        calls: calls.map(({ id, state }) => `${id} ${state}`),
      })),
  );
  const times = (what: string) => text.split(what).length - 1;
  return [STEERING, FOLLOW_UP, '"r3c1 done"', '"r5c1 refused"'].flatMap((what) =>
    times(what) === 1 ? [] : [`${what} is there ${times(what)} times`],
  );
}

/** 5. Recovery determinism: whatever broke, the trajectory is the undisturbed one. */
export function recoveryBreaches(trajectory: readonly object[], undisturbed: readonly object[]): string[] {
  return JSON.stringify(trajectory) === JSON.stringify(undisturbed) ? [] : ['the trajectory differs'];
}

/** 6. Fork determinism: the first request of a fork is the original's next one, and the original is as it was. */
export function forkBreaches(
  fork: { first: Request | undefined; originalAfter: unknown },
  original: { next: Request; before: unknown },
): string[] {
  return [
    ...(JSON.stringify(fork.first) === JSON.stringify(original.next) ? [] : ['its first request is another']),
    // The server writes the entries of a map in any order.
    ...(isDeepStrictEqual(fork.originalAfter, original.before) ? [] : ['the original has changed']),
  ];
}
