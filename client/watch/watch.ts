import { setTimeout as sleep } from 'node:timers/promises';
import type { ResearchResult } from '../../protocol/result.ts';
import type { Status } from '../../protocol/status.ts';
import type { Segment, TrajectoryCursor, TrajectoryPage } from '../../protocol/trajectory.ts';
import { RequestRefused, ResearchFailed, ServerUnreachable, WorkerMissing } from '../errors.ts';
import type { SessionEvent } from '../events.ts';
import type { Snapshot } from '../snapshot.ts';
import { trackActivities } from './track-activities.ts';
import { trackRounds } from './track-rounds.ts';
import { trackStatus } from './track-status.ts';

export interface WatchOptions {
  /** Milliseconds between two looks. Default 1,000. */
  intervalMs?: number;
  /** Ends the watch; the session goes on. */
  signal?: AbortSignal;
  /** Tell only of rounds after this one. Default 0: everything from the start. */
  afterRound?: number;
}

/** What a watch reads. The first needs the server only, the next two a worker, the last a session that has ended. */
export interface SessionSource {
  snapshot(): Promise<Snapshot>;
  status(): Promise<Status>;
  trajectoryPage(cursor: TrajectoryCursor): Promise<TrajectoryPage>;
  /** Throws `ResearchFailed`. */
  result(): Promise<ResearchResult>;
}

/** Longest wait between two looks while the server or the workers are away. */
const LONGEST_WAIT_MS = 5_000;

/**
 * Follows a session by looking at it: a description of the execution each time, and queries only when its history has
 * grown. Outlives the server and the workers; ends with `answered`, `failed` or `cancelled`, or when `signal` aborts.
 */
export async function* watchSession(source: SessionSource, options: WatchOptions = {}): AsyncGenerator<SessionEvent> {
  const { intervalMs = 1_000, signal, afterRound = 0 } = options;
  const rounds = trackRounds(afterRound);
  const activities = trackActivities(afterRound);
  const statuses = trackStatus(afterRound);
  let read = '';
  let lost = false;
  let away = false;
  let silent: string | undefined;
  let failures = 0;

  while (!signal?.aborted) {
    try {
      const snapshot = await source.snapshot();
      if (lost) yield { type: 'connection-back' };
      lost = false;
      const closed = snapshot.outcome !== 'running';
      const version = `${snapshot.runId}/${snapshot.historyLength}`;

      // Deltas of the round under way belong after what the queries say of the rounds before.
      if (version !== read || closed) {
        try {
          yield* rounds.take(await readPages(source, rounds.cursor()));
          const status = await source.status();
          if (!closed && isAtModel(status)) yield* rounds.start(status.round);
          yield* statuses(status);
          read = version;
          silent = undefined;
        } catch (error) {
          // A session that ended before it had begun has nothing to tell but its failure.
          if (!(error instanceof WorkerMissing) && !(error instanceof RequestRefused && closed)) throw error;
          if (error instanceof WorkerMissing) silent = error.message;
        }
      }
      yield* activities.take(snapshot);

      const unclaimed = closed ? undefined : activities.unclaimed(snapshot, Date.now());
      const reason =
        silent ?? (unclaimed && `No worker takes the activity ${unclaimed}: start one with \`npm run worker\`.`);
      if (reason && !away) yield { type: 'worker-away', message: reason };
      if (!reason && away) yield { type: 'worker-back' };
      away = reason !== undefined;

      if (closed) {
        yield await ending(source, snapshot);
        return;
      }
      failures = silent ? failures + 1 : 0;
    } catch (error) {
      if (signal?.aborted) return;
      if (!(error instanceof ServerUnreachable)) throw error;
      if (!lost) yield { type: 'connection-lost', message: error.message };
      lost = true;
      failures += 1;
    }
    const wait = Math.min(Math.max(LONGEST_WAIT_MS, intervalMs), intervalMs * 1.5 ** failures);
    await sleep(wait, undefined, { signal }).catch(() => {});
  }
}

async function readPages(source: SessionSource, cursor: TrajectoryCursor): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (let next: TrajectoryCursor | undefined = cursor; next; ) {
    const page: TrajectoryPage = await source.trajectoryPage(next);
    segments.push(...page.segments);
    next = page.next;
  }
  return segments;
}

const isAtModel = ({ state }: Status): boolean => state === 'thinking' || state === 'answering';

async function ending(source: SessionSource, snapshot: Snapshot): Promise<SessionEvent> {
  try {
    return { type: 'answered', result: await source.result(), open: false };
  } catch (error) {
    if (!(error instanceof ResearchFailed)) throw error;
    if (error.kind === 'cancelled' || snapshot.outcome === 'cancelled') {
      return { type: 'cancelled', message: error.message };
    }
    const { kind, message, type } = error;
    return { type: 'failed', kind, message, ...(type ? { failureType: type } : {}) };
  }
}
