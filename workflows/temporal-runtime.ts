import * as wf from '@temporalio/workflow';
import type { GivenAccount } from '../protocol/account.ts';
import type { InferenceView, SessionActivities, ToolActivity } from '../protocol/activities.ts';
import type { ResearchSettings } from '../protocol/input.ts';
import type { Usage } from '../protocol/reply.ts';
import type { SessionState } from '../protocol/status.ts';
import { clip } from './call-summary.ts';
import { stateMarker } from './listed.ts';
import { ActivityFailed, type CallOptions, Cancelled, HostLost, type Runtime } from './runtime.ts';

/** What a worker is told of a session that has ended. */
export interface EndedSession {
  /** Why it stopped, or the type of its failure. */
  outcome: string;
  failed: boolean;
  /** Epoch milliseconds. */
  startedAt: number;
  model: string;
  rounds: number;
  usage: Usage;
}

export interface SessionSinks extends wf.Sinks {
  session: { held(): void; ended(ended: EndedSession): void };
  transcript: { share(segment: number, since: number, view: InferenceView): void };
  account: { give(account: GivenAccount): void };
}

/** After a worker's death its activities are given to another this soon; heartbeats come every two seconds. */
const HEARTBEAT_TIMEOUT = '20s';

const quick = wf.proxyActivities<Pick<SessionActivities, 'prepare' | 'fork' | 'conclude'>>({
  // Reads folders and writes files, large ones from a slow store or the web as well.
  startToCloseTimeout: '30m',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { initialInterval: '1s', maximumInterval: '30s' },
});

const { infer } = wf.proxyActivities<Pick<SessionActivities, 'infer'>>({
  // A long thought under load takes an hour; hanging is noticed by heartbeats and by the activity itself.
  startToCloseTimeout: '3h',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  // For as long as the fault is the server's; faults of the request are marked as final by the activity.
  retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '60s' },
});

const tools = wf.proxyActivities<Record<string, ToolActivity>>({
  // The original gives a tool 1,800 s; the rest is for finding a command again after a crash.
  startToCloseTimeout: '40m',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  // The activity itself marks what is final; the bound stops an input that kills its worker every time.
  retry: { initialInterval: '1s', maximumInterval: '30s', maximumAttempts: 20 },
});

/** Calls out of the workflow into its worker's process; not part of the history, and not made during replay. */
const { transcript, account, session } = wf.proxySinks<SessionSinks>();

/** Tells the worker that the session has ended. */
export const tellEnd = (ended: EndedSession): void => session.ended(ended);

/** The session's world inside a workflow. */
export function temporalRuntime(options: {
  searchAttributes: () => boolean;
  settings: Pick<ResearchSettings, 'priority' | 'fairnessKey' | 'fairnessWeight'>;
}): Runtime {
  const call = activityCall(priorityOf(options.settings));
  const workflow = wf.CancellationScope.current();
  const stopped = (error: unknown): boolean => wf.isCancellation(error) && !workflow.consideredCancelled;
  /** Turns Temporal's wrapping of an activity's failure into the session's own. */
  const failure = (error: unknown): never => {
    if (stopped(error)) throw new Cancelled('stopped');
    if (wf.isCancellation(error) || !(error instanceof wf.ActivityFailure)) throw error;
    const cause = error.cause;
    // The server tells of the attempt before it, where there was one; the SDK keeps that in the failure's raw form only.
    if (isUntaken(cause)) throw new HostLost(cause.failure === undefined || Boolean(cause.failure.cause));
    const type = cause instanceof wf.ApplicationFailure ? (cause.type ?? 'Error') : (cause?.name ?? 'Error');
    throw new ActivityFailed(type, cause?.message ?? error.message, { cause: error });
  };
  const mark = stateMarker();
  let last: SessionState | undefined;
  const parent = wf.workflowInfo().parent?.workflowId;
  return {
    ...(parent === undefined ? {} : { parent }),
    prepare: (input) => quick.prepare(input).catch(failure),
    fork: (input) => quick.fork(input).catch(failure),
    conclude: (input, options) => quick.conclude.executeWithOptions(placed(options), [input]).catch(failure),
    infer: (input, { summary, queue }) => infer.executeWithOptions(call(summary, queue), [input]).catch(failure),
    tool: (name, input, { summary, ...options }) =>
      (tools[name] as NonNullable<(typeof tools)[string]>)
        .executeWithOptions({ ...call(summary), ...placed(options) }, [input])
        .catch(failure),
    now: () => Date.now(),
    async until(condition, ms) {
      try {
        if (ms !== undefined) return await wf.condition(condition, ms);
        await wf.condition(condition);
      } catch (error) {
        if (!stopped(error)) throw error;
      }
      return true;
    },
    stoppable(work) {
      const scope = new wf.CancellationScope();
      return { result: scope.run(work), stop: () => scope.cancel() };
    },
    share: (segment, since, view) => transcript.share(segment, since, view),
    giveAccount: (given) => account.give(given),
    show(details, { state, rounds }) {
      wf.setCurrentDetails(details);
      if (state === 'holding' && last !== 'holding') session.held();
      last = state;
      if (options.searchAttributes()) mark(state, rounds);
    },
    shouldContinueAsNew: () => wf.workflowInfo().continueAsNewSuggested,
    patched: wf.patched,
  };
}

const activityCall = (priority: wf.ActivityOptions['priority']) => (summary: string, queue?: string) => ({
  summary: clip(summary),
  ...(queue ? { taskQueue: queue } : {}),
  ...(priority ? { priority } : {}),
});

const placed = ({ queue, withinSeconds }: CallOptions): wf.ActivityOptions => ({
  ...(queue ? { taskQueue: queue } : {}),
  ...(withinSeconds === undefined ? {} : { scheduleToStartTimeout: `${withinSeconds}s` }),
});

const isUntaken = (cause: unknown): cause is wf.TimeoutFailure =>
  cause instanceof wf.TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START';

/** What is not given is the workflow's own, by inheritance. */
function priorityOf({
  priority,
  fairnessKey,
  fairnessWeight,
}: Pick<ResearchSettings, 'priority' | 'fairnessKey' | 'fairnessWeight'>): wf.ActivityOptions['priority'] {
  if (priority === undefined && fairnessKey === undefined && fairnessWeight === undefined) return undefined;
  return {
    ...(priority === undefined ? {} : { priorityKey: priority }),
    ...(fairnessKey === undefined ? {} : { fairnessKey }),
    ...(fairnessWeight === undefined ? {} : { fairnessWeight }),
  };
}
