import { ApplicationFailure, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import {
  decodeArrayFromPayloads,
  decodeOptionalFailureToOptionalError,
} from '@temporalio/common/lib/internal-non-workflow/index.js';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import { plainMessage } from './errors.ts';

/** An activity that runs, waits for a worker, or waits for its next attempt. Times are epoch milliseconds. */
export interface PendingActivity {
  id: string;
  /** `infer`, or a tool's model-facing name. */
  type: string;
  attempt: number;
  started: boolean;
  /** Set while it waits out a failure. */
  nextAttemptAt?: number;
  /** The plain message of the last attempt's failure. */
  failure?: string;
  /** One of `FAILURE`, or the error's own type. */
  failureType?: string;
  heartbeat?: unknown;
}

export type Outcome = 'running' | 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed-out' | 'continued';

/** What the server alone knows of a session, without a worker. */
export interface Snapshot {
  runId: string;
  outcome: Outcome;
  /** Grows with everything that happens except heartbeats and queries. */
  historyLength: number;
  activities: PendingActivity[];
  startedAt: number;
  closedAt?: number;
}

const OUTCOMES: Partial<Record<WorkflowExecutionDescription['status']['name'], Outcome>> = {
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed-out',
  CONTINUED_AS_NEW: 'continued',
};

/** Reads a description; heartbeat details and failures are decoded by the client's own data converter. */
export async function snapshotOf(description: WorkflowExecutionDescription, client: Client): Promise<Snapshot> {
  const converter = client.options.loadedDataConverter;
  const activities = (description.raw.pendingActivities ?? []).map(async (activity): Promise<PendingActivity> => {
    const [heartbeat] = await decodeArrayFromPayloads(converter, activity.heartbeatDetails?.payloads);
    const failure = await decodeOptionalFailureToOptionalError(converter, activity.lastFailure);
    return {
      id: activity.activityId ?? '',
      type: activity.activityType?.name ?? '',
      attempt: activity.attempt ?? 1,
      started: optionalTsToMs(activity.lastStartedTime) !== undefined && activity.state !== SCHEDULED,
      nextAttemptAt: optionalTsToMs(activity.nextAttemptScheduleTime),
      ...(failure ? { failure: plainMessage(failure) } : {}),
      ...(failure instanceof ApplicationFailure && failure.type ? { failureType: failure.type } : {}),
      ...(heartbeat === undefined ? {} : { heartbeat }),
    };
  });
  return {
    runId: description.runId,
    outcome: OUTCOMES[description.status.name] ?? 'running',
    historyLength: description.historyLength,
    activities: await Promise.all(activities),
    startedAt: description.startTime.getTime(),
    ...(description.closeTime ? { closedAt: description.closeTime.getTime() } : {}),
  };
}

/** Number of `PENDING_ACTIVITY_STATE_SCHEDULED` in Temporal's API. */
const SCHEDULED = 1;
