import type { InferenceView } from '../../protocol/activities.ts';
import { digestWith } from '../../protocol/digest.ts';

/** Sessions whose messages a process remembers, and the characters of all of them; the least recently used go first. */
const MOST_SESSIONS = 500;
const MOST_CHARACTERS = 100_000_000;

/** The start of a segment's transcript, as far as this process has seen it. */
export interface Remembered {
  view: InferenceView;
  /** The digest after each of its messages. */
  digests: string[];
  characters: number;
}

const remembered = new Map<string, Remembered>();
let characters = 0;

const keyOf = (runId: string, segment: number | ''): string => `${runId}/${segment}`;

/** What is remembered of a segment, if anything. */
export const recall = (runId: string, segment: number): Remembered | undefined => remembered.get(keyOf(runId, segment));

/** Adds the messages from `since` on; what was remembered after that point is dropped, and so is all that has a gap. */
export function remember(runId: string, segment: number, since: number, view: InferenceView): Remembered | undefined {
  const key = keyOf(runId, segment);
  const before = remembered.get(key);
  forget(key);
  const kept = before?.view.messages.slice(0, since) ?? [];
  if (kept.length < since) return undefined;
  const digests = before?.digests.slice(0, since) ?? [];
  for (const message of view.messages) digests.push(digestWith(digests.at(-1) ?? '', message));
  const messages = [...kept, ...view.messages];
  const size = messages.reduce((sum, { content }) => sum + content.length, 0);
  const entry = { view: { ...view, messages }, digests, characters: size };
  remembered.set(key, entry);
  characters += size;
  for (const oldest of remembered.keys()) {
    if (remembered.size <= MOST_SESSIONS && characters <= MOST_CHARACTERS) break;
    if (oldest !== key) forget(oldest);
  }
  return entry;
}

/** Of a run that has ended. */
export function forgetRun(runId: string): void {
  for (const key of remembered.keys()) if (key.startsWith(keyOf(runId, ''))) forget(key);
}

function forget(key: string): void {
  characters -= remembered.get(key)?.characters ?? 0;
  remembered.delete(key);
}
