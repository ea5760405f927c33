/** What people have asked of a session through updates. Plain flags; the loop looks at them where it may act. */
export interface Controls {
  paused: boolean;
  finish: boolean;
  /** Set while the model has failed for good and the session waits for a person. */
  hold?: { reason: string; released: boolean };
  /** Decisions on calls that wait for approval, by call id. */
  decisions: Map<string, { approved: boolean; reason: string }>;
  /** Follow-up questions are taken now. */
  open: boolean;
  followUps: string[];
  /** Updates that this run has taken. */
  taken: number;
  /** Ids of the last ones, also of runs before: Temporal knows an update again only within its run. */
  ids: Set<string>;
}

export const newControls = (): Controls => ({
  paused: false,
  finish: false,
  decisions: new Map(),
  open: false,
  followUps: [],
  taken: 0,
  ids: new Set(),
});

/** Takes an update; false where it was taken before, and its sender has not heard of it. */
export function take(controls: Controls, id: string): boolean {
  controls.taken += 1;
  if (controls.ids.has(id)) return false;
  controls.ids.add(id);
  return true;
}

/** Those that somebody may still send again, for the next run. */
export const lastIds = ({ ids }: Controls): string[] => [...ids].slice(-100);

/**
 * Temporal takes 2,000 updates in a run, and after them none, not even `resume` or `finish`; it suggests a new run from
 * 1,800 on. A session comes to that between two rounds, so what can wait is refused before.
 */
const MOST_UPDATES = 1_800;

/** Steering texts that the model has not seen. What people write in a round is far below. */
const MOST_UNREAD = 100;

/** @throws Error where an update can wait for the next round, and has to */
export function checkRoom(what: string, { taken }: Controls, unread = 0): void {
  if (unread >= MOST_UNREAD) {
    throw new Error(`${what}: ${unread} texts wait for the model already; it takes more when it has seen them`);
  }
  if (taken >= MOST_UPDATES) {
    throw new Error(`${what}: the session has taken ${taken} updates in this round; it takes more in the next`);
  }
}

/** Characters; far above what a person writes, far below what would hurt the context. */
const LONGEST_TEXT = 20_000;

export function checkText(what: string, value: unknown): void {
  if (typeof value !== 'string')
    throw new Error(`${what}: expected text, got ${value === null ? 'null' : typeof value}`);
  if (value.trim() === '') throw new Error(`${what}: expected text, got only blanks`);
  if (value.length > LONGEST_TEXT) {
    throw new Error(`${what}: expected at most ${LONGEST_TEXT} characters, got ${value.length}`);
  }
}

/** A decision on a call, as three arguments or, since the Web UI sends only one, as an object. @throws Error */
export function readDecision(
  first: unknown,
  second?: unknown,
  third?: unknown,
): { callId: string; approved: boolean; reason: string } {
  const fields = typeof first === 'object' && first !== null ? (first as Record<string, unknown>) : undefined;
  const callId = fields ? fields.callId : first;
  const approved = fields ? fields.approved : second;
  const reason = (fields ? fields.reason : third) ?? '';
  if (typeof callId !== 'string') {
    throw new Error('approve: expected a call id and true or false, or {"callId": "r1c1", "approved": true}');
  }
  if (typeof approved !== 'boolean') throw new Error(`approve: expected true or false for call "${callId}"`);
  if (reason !== '') checkText('approve, reason', reason);
  return { callId, approved, reason: String(reason) };
}
