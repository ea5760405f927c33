import type { GivenAccount } from '../protocol/account.ts';
import type {
  Concluded,
  ConcludeInput,
  InferenceView,
  InferInput,
  Prepared,
  PrepareInput,
  SessionActivities,
} from '../protocol/activities.ts';
import type { Forked } from '../protocol/fork.ts';
import type { Reply } from '../protocol/reply.ts';
import type { SessionState } from '../protocol/status.ts';
import type { ToolCallInput, ToolCallOutput } from '../protocol/tool-call.ts';

/**
 * What a session needs of the world. In a workflow it is Temporal (`temporal-runtime.ts`); tests give fakes, so the
 * whole loop runs without a server.
 */
export interface Runtime {
  /** Id of the workflow that has started this one as its child. */
  parent?: string;
  prepare(input: PrepareInput): Promise<Prepared>;
  infer(input: InferInput, options: { summary: string; queue?: string }): Promise<Reply>;
  /** With `withinSeconds`, throws `HostLost` where nobody at the queue takes the call in time. */
  tool(name: string, input: ToolCallInput, options: CallOptions & { summary: string }): Promise<ToolCallOutput>;
  fork(input: Parameters<SessionActivities['fork']>[0]): Promise<Forked>;
  /** The same with `withinSeconds`. */
  conclude(input: ConcludeInput, options: CallOptions): Promise<Concluded>;

  /** Epoch milliseconds. */
  now(): number;
  /** Resolves to true when the condition holds or the work around it is stopped, to false after `ms`. */
  until(condition: () => boolean, ms?: number): Promise<boolean>;
  /** Runs work that `stop` can cut short: from then on its activities reject with `Cancelled`. */
  stoppable<T>(work: () => Promise<T>): { result: Promise<T>; stop: () => void };

  /** Gives a model call in this process the segment's messages from `since` on, with what else it needs. */
  share(segment: number, since: number, view: InferenceView): void;
  /** Gives the activity `conclude` in this process what it needs of the session. */
  giveAccount(account: GivenAccount): void;
  /** Shows people where the session is. */
  show(details: string, attributes: { state: SessionState; rounds: number }): void;
  /** Whether history has grown enough to go on in a new run. */
  shouldContinueAsNew(): boolean;
  /** Whether this run does what came with a change: not where its history was begun without. Costs an event if so. */
  patched(change: Change): boolean;
}

/**
 * Changes of what sessions do, by the names that stand in histories: a session that waits for a person goes on in a new
 * run when its history is long; one that is kept open ends when it is told to finish; one that goes on in a new run is
 * not concluded before, as sessions once were; after a context reset the model is told again what people have added.
 */
export type Change =
  | 'go-on-while-waiting'
  | 'finish-while-open'
  | 'keep-workspace-for-next-run'
  | 'reset-keeps-what-was-asked';

export interface CallOptions {
  queue?: string;
  /** How long an attempt may wait for somebody to take it. Default: for ever. */
  withinSeconds?: number;
}

/** Nobody at a host's queue took a call. `begun`: somebody had taken it before, and was not heard of again. */
export class HostLost extends Error {
  override name = 'HostLost';
  readonly begun: boolean;
  constructor(begun: boolean) {
    super('The host with the workspace does not answer.');
    this.begun = begun;
  }
}

/** Work was cut short by `stop`. */
export class Cancelled extends Error {
  override name = 'Cancelled';
}

/** An activity failed for good. `type` is one of `FAILURE`, or the error's own. */
export class ActivityFailed extends Error {
  override name = 'ActivityFailed';
  readonly type: string;
  constructor(type: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.type = type;
  }
}
