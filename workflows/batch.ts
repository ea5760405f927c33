import * as wf from '@temporalio/workflow';
import {
  type BatchInput,
  type BatchResult,
  type BatchSettings,
  type BatchStateName,
  parseBatchInput,
} from '../protocol/batch.ts';
import type { ReadyTask, SessionEnding } from '../protocol/batch-activities.ts';
import { FAILURE } from '../protocol/names.ts';
import { type BatchControls, handleBatch } from './batch-handlers.ts';
import { awaitSessions, batchActivities, hold, readBatchTasks, sessionId, startSession } from './batch-runtime.ts';
import {
  type BatchData,
  detailsOf,
  isFinished,
  newBatch,
  type OpenSession,
  resultOf,
  statusOf,
} from './batch-state.ts';
import { Pace } from './pace.ts';
import { RowWriter } from './row-writer.ts';

/** Questions read at once: what is not started before a new run is read again by it. */
const PAGE = 200;
/** Sessions that have ended and wait to be written, beyond which no more are started. */
const MOST_WAITING = 100;
/** Time for sessions of a batch that is stopped to end. */
const STOP_MS = 2 * 60_000;
/** A run gives way to the next after so long without a session's end, milliseconds, and whatever happens after `longest`. */
const CALM = { wait: 500, longest: 10_000 };

/** Many questions, each a session of its own, with the original's input and output. See `batchInput`. */
export async function deepResearchBatch(input: string | BatchInput, carried?: BatchData): Promise<BatchResult> {
  const settings = carried ? undefined : settingsOf(input);
  const batch = new Batch(carried ?? newBatch(settings as BatchSettings, Date.now()));
  handleBatch(batch);
  if (settings) await batch.open(settings);
  return batch.run();
}

function settingsOf(input: unknown): BatchSettings {
  const parsed = parseBatchInput(input);
  if ('error' in parsed) throw wf.ApplicationFailure.nonRetryable(parsed.error, FAILURE.invalidInput);
  return parsed.settings;
}

/**
 * A sliding window of sessions. Those started in this run tell of their end as children; those of earlier runs, which
 * outlive a continue-as-new, are watched by an activity.
 */
class Batch implements BatchControls {
  readonly #data: BatchData;
  readonly #id = wf.workflowInfo().workflowId;
  #ready: ReadyTask[] = [];
  #starting = 0;
  /** Ids of open sessions that are not this run's children. */
  #adopted: Set<string>;
  #watch?: wf.CancellationScope;
  readonly #rows: RowWriter;
  readonly #pace = new Pace(hold);
  #stop = false;
  #failure?: unknown;
  /** A run that was begun by an older worker gives way at once. */
  #leavesCalmly = true;
  #leavingSince?: number;
  /** Counts what happens, so that the loop wakes. */
  #events = 0;

  constructor(data: BatchData) {
    this.#data = data;
    this.#rows = new RowWriter(data, {
      batch: this.#id,
      stopping: () => this.#stop,
      woken: () => {
        this.#events += 1;
      },
      failed: this.#fail,
    });
    this.#adopted = new Set(data.open.map(({ id }) => id));
  }

  /** Stores the input and lays down what is to run. */
  async open(settings: BatchSettings): Promise<void> {
    const data = this.#data;
    try {
      data.opened = await batchActivities.openBatch({ batch: this.#id, runId: wf.workflowInfo().runId, settings });
      data.offsets = data.opened.offsets;
    } catch (error) {
      const cause = error instanceof wf.ActivityFailure ? error.cause : undefined;
      if (!(cause instanceof wf.ApplicationFailure)) throw error;
      throw wf.ApplicationFailure.nonRetryable(cause.message, cause.type);
    }
  }

  /** The workflow's life. Sessions are started outside of its cancellation: how they end with it is settled here. */
  async run(): Promise<BatchResult> {
    this.#rows.begin();
    this.#leavesCalmly = wf.patched('leave-calmly');
    let cancelled: unknown;
    try {
      await wf.CancellationScope.cancellable(() => this.#work());
    } catch (error) {
      if (!wf.isCancellation(error)) throw error;
      cancelled = error;
    }
    const stopped = this.#stop || cancelled !== undefined;
    return wf.CancellationScope.nonCancellable(async () => {
      if (stopped) await this.#stopSessions();
      const result = resultOf(this.#data, stopped ? 'cancelled' : 'done', Date.now());
      await batchActivities.closeBatch({ batch: this.#id, offsets: this.#data.offsets, summary: result });
      wf.setCurrentDetails(detailsOf(this.status()));
      if (cancelled !== undefined) throw cancelled;
      return result;
    });
  }

  async #work(): Promise<void> {
    const data = this.#data;
    while (!this.#stop) {
      if (this.#failure) throw this.#failure;
      const leave = wf.workflowInfo().continueAsNewSuggested;
      const next = data.next;
      if (!leave) await this.#fill();
      this.#rows.write({ atOnce: leave && this.#leavesCalmly });
      this.#watchAdopted();
      wf.setCurrentDetails(detailsOf(this.status()));
      if (isFinished(data) && this.#starting === 0) return;
      // What is being written must be told of its place; a session must have been started before it is handed over.
      if (leave && this.#starting === 0 && !this.#rows.isWriting) {
        if (await this.#isCalm()) await this.#continueAsNew();
        continue;
      }
      this.#pace.next(this.#rows.atWork, data.next > next);
      const seen = this.#events;
      await wf.condition(() => this.#events !== seen || this.#stop);
    }
  }

  /**
   * Waits for a moment in which no session is about to end: a new run that is asked for while an event comes in is
   * refused by the server, and the worker replays this run from its start.
   */
  async #isCalm(): Promise<boolean> {
    if (!this.#leavesCalmly || this.#rows.atWork === this.#adopted.size) return true;
    this.#leavingSince ??= Date.now();
    const seen = this.#events;
    const happened = await wf.condition(() => this.#events !== seen || this.#stop, CALM.wait);
    return !happened || (!this.#stop && Date.now() - this.#leavingSince > CALM.longest);
  }

  async #continueAsNew(): Promise<never> {
    this.#watch?.cancel();
    return wf.continueAsNew<typeof deepResearchBatch>(
      { ...this.#data.settings, file: this.#data.settings.file ?? 'stored' },
      this.#data,
    );
  }

  /** Starts sessions while there is room in the window. */
  async #fill(): Promise<void> {
    const data = this.#data;
    const room = () =>
      !data.paused && !this.#stop && this.#rows.atWork < data.window && this.#rows.waiting < MOST_WAITING;
    while (room() && data.next < data.opened.tasks) {
      if (this.#ready.length === 0) {
        this.#ready = await readBatchTasks({ batch: this.#id, from: data.next, count: PAGE });
        if (this.#ready.length === 0) throw new Error('The plan of the batch is shorter than it was.');
        continue;
      }
      // How they end with the batch is settled elsewhere.
      await wf.CancellationScope.nonCancellable(async () => {
        while (room() && this.#ready.length > 0) this.#start(this.#ready.shift() as ReadyTask);
      });
    }
  }

  #start({ question, files, skills, ...task }: ReadyTask): void {
    const data = this.#data;
    const id = sessionId(this.#id, task, data.settings.attempt);
    const session = { id, task };
    data.next += 1;
    data.open.push(session);
    this.#starting += 1;
    const options = { settings: data.settings, opened: data.opened, batch: this.#id };
    const begun = () => {
      this.#starting -= 1;
      this.#events += 1;
    };
    startSession(id, { question, files, skills, ...task }, options, {
      started: (anew) => {
        if (!anew) this.#adopt(id);
        begun();
      },
      failed: (error) => {
        this.#fail(error);
        begun();
      },
      ended: (ending) => this.#over(session, ending),
    });
  }

  #adopt(id: string): void {
    this.#adopted.add(id);
    this.#watch?.cancel();
  }

  #over(session: OpenSession, ending?: SessionEnding): void {
    if (ending) this.#pace.ended(ending.elapsedMs);
    this.#rows.add({ ...session, ...(ending ? { ending } : {}) });
    this.#events += 1;
  }

  /** Watches the sessions of earlier runs, as long as there are any. */
  #watchAdopted(): void {
    if (this.#watch || this.#adopted.size === 0) return;
    const scope = new wf.CancellationScope();
    this.#watch = scope;
    scope
      .run(() => awaitSessions({ ids: [...this.#adopted] }))
      .then(
        (ids) => {
          for (const id of ids) {
            const session = this.#data.open.find((each) => each.id === id);
            if (this.#adopted.delete(id) && session) this.#over(session);
          }
        },
        (error) => {
          if (!wf.isCancellation(error)) this.#fail(error);
        },
      )
      .finally(() => {
        this.#watch = undefined;
        this.#events += 1;
      });
  }

  readonly #fail = (error: unknown): void => {
    this.#failure ??= error;
  };

  /** Cancels what is at work and writes the rows of what had ended by itself. */
  async #stopSessions(): Promise<void> {
    this.#stop = true;
    this.#ready = [];
    await wf.condition(() => this.#starting === 0);
    for (const { id } of this.#data.open) {
      if (this.#rows.has(id)) continue;
      // One that has just ended cannot be cancelled: no fault.
      wf.getExternalWorkflowHandle(id)
        .cancel()
        .catch(() => {});
    }
    const settled = () => {
      this.#watchAdopted();
      this.#rows.write();
      return (this.#data.open.length === 0 && !this.#rows.isWriting) || this.#failure !== undefined;
    };
    const end = Date.now() + STOP_MS;
    while (!settled() && Date.now() < end) {
      const seen = this.#events;
      await wf.condition(() => this.#events !== seen, end - Date.now());
    }
    this.#watch?.cancel();
    await wf.condition(() => !this.#rows.isWriting);
  }

  opened() {
    return this.#data.opened.output !== '';
  }

  status() {
    return statusOf(this.#data, this.#stateName(), this.#rows.atWork);
  }

  #stateName(): BatchStateName {
    if (isFinished(this.#data)) return 'done';
    if (this.#stop) return this.#data.open.length === 0 ? 'cancelled' : 'stopping';
    return this.#data.paused ? 'paused' : 'running';
  }

  progress() {
    return { outcomes: this.#data.recent };
  }

  paused() {
    return this.#data.paused;
  }

  stopping() {
    return this.#stop;
  }

  pause(yes: boolean) {
    this.#data.paused = yes;
    this.#events += 1;
  }

  setWindow(size: number) {
    this.#data.window = size;
    this.#events += 1;
  }

  stop() {
    this.#stop = true;
    this.#events += 1;
  }
}
