import type { InferProgress } from '../../protocol/activities.ts';
import { readReply } from '../../protocol/report.ts';
import type { SessionEvent } from '../events.ts';
import type { PendingActivity, Snapshot } from '../snapshot.ts';

/** A worker that is there takes an activity at once; after this long (ms) nobody is. */
const UNCLAIMED_MS = 10_000;

/** Turns pending activities into events: what the model is writing, and attempts that failed. */
export interface ActivityTracker {
  take(snapshot: Snapshot): SessionEvent[];
  /** Type of an activity that no worker has taken for long, by the watcher's own clock. */
  unclaimed(snapshot: Snapshot, now: number): string | undefined;
}

export function trackActivities(afterRound = 0): ActivityTracker {
  let said = { round: 0, thought: '', text: '' };
  const attempts = new Set<string>();
  const waitingSince = new Map<string, number>();

  const progress = (heartbeat: unknown): SessionEvent[] => {
    if (!isProgress(heartbeat) || heartbeat.round <= afterRound) return [];
    const { round } = heartbeat;
    const now = readReply(heartbeat);
    const before = said.round === round ? said : { thought: '', text: '' };
    said = { round, ...now };
    return (['thought', 'text'] as const).flatMap((kind): SessionEvent[] => {
      if (now[kind] === before[kind]) return [];
      if (!now[kind].startsWith(before[kind])) return [{ type: 'delta', round, kind, text: now[kind], replaces: true }];
      return [{ type: 'delta', round, kind, text: now[kind].slice(before[kind].length) }];
    });
  };

  const retries = (runId: string, activity: PendingActivity): SessionEvent[] => {
    const key = `${runId}/${activity.id}/${activity.attempt}`;
    if (activity.attempt < 2 || attempts.has(key)) return [];
    attempts.add(key);
    const { type, attempt, nextAttemptAt, failure, failureType } = activity;
    const cause = failure ?? 'the attempt before ended without a word';
    return [
      {
        type: 'retrying',
        activity: type,
        attempt,
        cause,
        ...(failureType ? { failureType } : {}),
        ...(nextAttemptAt ? { nextAttemptAt } : {}),
      },
    ];
  };

  return {
    take: ({ runId, activities }) =>
      activities.flatMap((activity) => [
        ...retries(runId, activity),
        ...(activity.type === 'infer' ? progress(activity.heartbeat) : []),
      ]),

    unclaimed({ runId, activities }, now) {
      const waiting = activities.filter((activity) => !activity.started && activity.nextAttemptAt === undefined);
      const keys = waiting.map(({ id, attempt }) => `${runId}/${id}/${attempt}`);
      for (const key of waitingSince.keys()) if (!keys.includes(key)) waitingSince.delete(key);
      for (const key of keys) if (!waitingSince.has(key)) waitingSince.set(key, now);
      return waiting.find((_, index) => now - (waitingSince.get(keys[index] ?? '') ?? now) >= UNCLAIMED_MS)?.type;
    },
  };
}

function isProgress(value: unknown): value is InferProgress {
  const progress = value as Partial<InferProgress> | null;
  return (
    typeof progress === 'object' &&
    typeof progress?.round === 'number' &&
    typeof progress.text === 'string' &&
    (progress.reasoning === undefined || typeof progress.reasoning === 'string')
  );
}
