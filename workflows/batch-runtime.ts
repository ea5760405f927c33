import * as wf from '@temporalio/workflow';
import type { BatchSettings } from '../protocol/batch.ts';
import {
  type BatchActivities,
  endingOf,
  type OpenedBatch,
  type ReadyTask,
  type SessionEnding,
} from '../protocol/batch-activities.ts';
import type { ResearchInput } from '../protocol/input.ts';
import { SEARCH_ATTRIBUTE, WORKFLOW } from '../protocol/names.ts';
import { firstSentence } from '../protocol/report.ts';
import type { deepResearch } from './deep-research.ts';
import { AT_START, memoOf } from './listed.ts';

/** After a worker's death its activities are given to another this soon; heartbeats come every two seconds. */
const HEARTBEAT_TIMEOUT = '20s';
/** For as long as the fault is not the input's: a full disk, a worker or a server that is away. */
const RETRY = { initialInterval: '1s', maximumInterval: '30s' };

export const batchActivities = wf.proxyActivities<Pick<BatchActivities, 'openBatch' | 'recordRows' | 'closeBatch'>>({
  // A file of many gigabytes is read once; sessions of 150 rounds are replayed.
  startToCloseTimeout: '2h',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: RETRY,
});

export const { readBatchTasks } = wf.proxyActivities<Pick<BatchActivities, 'readBatchTasks'>>({
  // Reads a few hundred kilobytes.
  startToCloseTimeout: '1m',
  retry: RETRY,
});

export const { awaitSessions } = wf.proxyActivities<Pick<BatchActivities, 'awaitSessions'>>({
  // It comes back by itself after 15 minutes.
  startToCloseTimeout: '30m',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: RETRY,
  cancellationType: wf.ActivityCancellationType.TRY_CANCEL,
});

export interface BatchSinks extends wf.Sinks {
  batch: { hold(ms: number): void };
}

const { batch: worker } = wf.proxySinks<BatchSinks>();

/** Has the worker hold the workflow's task open for so long. Nothing of it is in the history. */
export const hold = (ms: number): void => worker.hold(ms);

/** Id of a session of a batch: always the same, so that a batch that is started again finds it. */
export function sessionId(
  batch: string,
  { row, rollout }: Pick<ReadyTask, 'row' | 'rollout'>,
  attempt: number,
): string {
  const again = attempt > 1 ? `.a${attempt}` : '';
  return `${batch}.${String(row).padStart(5, '0')}.r${rollout}${again}`;
}

/** What is told of a session. Callbacks, for each promise in a workflow costs a stack trace. */
export interface SessionEvents {
  /** False when it runs already, or has ended with an answer that is not in the output yet. */
  started(anew: boolean): void;
  failed(error: unknown): void;
  /** However that was; with what its row needs where it has a result. */
  ended(ending?: SessionEnding): void;
}

/**
 * Starts a session as a child that outlives the batch: it must be there when a stopped batch is started again. What lists
 * of sessions show is given with the start, so that the session need not write it into its history.
 */
export function startSession(
  id: string,
  task: ReadyTask,
  { settings, opened, batch }: { settings: BatchSettings; opened: OpenedBatch; batch: string },
  { started, failed, ended }: SessionEvents,
): void {
  wf.startChild<typeof deepResearch>(WORKFLOW.session, {
    workflowId: id,
    args: [inputOf(task, settings, batch)],
    parentClosePolicy: wf.ParentClosePolicy.ABANDON,
    workflowIdReusePolicy: wf.WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
    // Temporal keeps 400 bytes; three a character for Chinese.
    staticSummary: firstSentence(task.question, 120),
    memo: memoOf(task.question),
    priority: {
      priorityKey: settings.priority,
      ...(settings.fairnessKey === undefined ? {} : { fairnessKey: settings.fairnessKey }),
      ...(settings.fairnessWeight === undefined ? {} : { fairnessWeight: settings.fairnessWeight }),
    },
    searchAttributes: {
      ...(opened.searchAttributes ? { [SEARCH_ATTRIBUTE.batch]: [batch] } : {}),
      ...(opened.sessionAttributes ? AT_START : {}),
    },
  }).then(
    (child) => {
      child.result().then(
        (result) => ended(endingOf(result)),
        () => ended(),
      );
      started(true);
    },
    (error) => {
      if ((error as Error).name === 'WorkflowExecutionAlreadyStartedError') started(false);
      else failed(error);
    },
  );
}

/** What is not the batch's own is every session's. */
function inputOf({ row, question, files, skills }: ReadyTask, settings: BatchSettings, batch: string): ResearchInput {
  const { rows, file, packed, rollouts, window, resumeFrom, skip, attempt, logLabel, shareSearches, ...session } =
    settings;
  return {
    ...session,
    question,
    ...(files.length > 0 ? { files } : {}),
    ...(skills.length > 0 ? { skills } : {}),
    ...(shareSearches ? { sharedSearches: `${batch}.${row}` } : {}),
  };
}
