import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import type { ResearchInput } from '../protocol/input.ts';
import type { Message } from '../protocol/messages.ts';
import { QUERY, UPDATE } from '../protocol/names.ts';
import type { ResearchResult } from '../protocol/result.ts';
import type { Status } from '../protocol/status.ts';
import { type Segment, type TrajectoryCursor, type TrajectoryPage, wholeTrajectory } from '../protocol/trajectory.ts';
import type { Blobs } from '../store/blobs.ts';
import { causes, plainMessage, RequestRefused, ResearchFailed, ServerUnreachable } from './errors.ts';
import type { SessionEvent } from './events.ts';
import { type ExportFormat, exportSession } from './export/export.ts';
import { SessionArtifact } from './files/artifact.ts';
import { firstInput } from './first-input.ts';
import { callServer, callWorker, mapError } from './gateway.ts';
import { type Snapshot, snapshotOf } from './snapshot.ts';
import { type WatchOptions, watchSession } from './watch/watch.ts';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

/** One question worked on. Everything that asks the session itself needs a worker, also after its end. */
export class ResearchSession {
  readonly id: string;
  /** Of the run that was started or asked for; a long session goes on in further runs under the same id. */
  readonly runId?: string;
  readonly #client: Client;
  readonly #store?: Blobs;
  #handle: WorkflowHandle;

  /** @param store shared with the workers, if there is one: artifacts come from there */
  constructor(client: Client, id: string, runId?: string, store?: Blobs) {
    this.id = id;
    this.runId = runId;
    this.#client = client;
    this.#store = store;
    this.#handle = client.workflow.getHandle(id, runId);
  }

  /** What the server knows without a worker: whether it runs, its pending activities with their heartbeats. */
  async snapshot(): Promise<Snapshot> {
    const describe = () => callServer(this.#client, this.id, () => this.#handle.describe());
    let description = await describe();
    if (description.status.name === 'CONTINUED_AS_NEW') {
      this.#handle = this.#client.workflow.getHandle(this.id);
      description = await describe();
    }
    return snapshotOf(description, this.#client);
  }

  status(): Promise<Status> {
    return this.#query(QUERY.status);
  }

  /** The current segment's messages as the model sees them, from `since` up to but without `upTo`. */
  transcript(since?: number, upTo?: number): Promise<Message[]> {
    return this.#query(
      QUERY.transcript,
      ...(since === undefined ? [] : [since, ...(upTo === undefined ? [] : [upTo])]),
    );
  }

  trajectoryPage(cursor: TrajectoryCursor): Promise<TrajectoryPage> {
    return this.#query(QUERY.trajectory, cursor);
  }

  /** Every segment, whole. */
  trajectory(): Promise<Segment[]> {
    return wholeTrajectory((cursor) => this.trajectoryPage(cursor));
  }

  /** Markdown for people. */
  report(): Promise<string> {
    return this.#query(QUERY.report);
  }

  /** The model sees the text with the next results. */
  async steer(text: string): Promise<void> {
    await this.#update(UPDATE.steer, text);
  }

  async pause(): Promise<void> {
    await this.#update(UPDATE.pause);
  }

  /** Ends a pause, or a hold after the model had failed. */
  async resume(): Promise<void> {
    await this.#update(UPDATE.resume);
  }

  /** Has the session answer now, with what it has. */
  async finish(): Promise<void> {
    await this.#update(UPDATE.finish);
  }

  /** Decides on a call that waits for approval. */
  async approve(callId: string, yes: boolean, reason?: string): Promise<void> {
    await this.#update(UPDATE.approve, callId, yes, ...(reason === undefined ? [] : [reason]));
  }

  /** Asks a follow-up question while the session is open for them; `watch` or `status` has the answer. */
  async ask(question: string): Promise<void> {
    // Accepted is enough: the answer takes rounds.
    await callWorker(this.#client, this.id, `took up the update \`${UPDATE.ask}\``, () =>
      this.#handle.startUpdate(UPDATE.ask, { args: [question], waitForStage: 'ACCEPTED' }),
    );
  }

  async cancel(): Promise<void> {
    // Temporal takes the request for a closed workflow without a word.
    const { outcome } = await this.snapshot();
    if (outcome !== 'running') throw new RequestRefused(`The session "${this.id}" has ended already.`);
    await callServer(this.#client, this.id, () => this.#handle.cancel());
  }

  /**
   * Waits for the answer, also while the server is away for a while. Throws `ResearchFailed` with the plain cause where
   * there is none.
   */
  async result({ signal }: { signal?: AbortSignal } = {}): Promise<ResearchResult> {
    const wait = (): Promise<ResearchResult> => this.#handle.result();
    for (;;) {
      try {
        return await (signal ? this.#client.withAbortSignal(signal, wait) : wait());
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof WorkflowFailedError) throw researchFailed(error, this.id);
        const mapped = mapError(error, this.id);
        if (!(mapped instanceof ServerUnreachable)) throw mapped;
        await sleep(2_000, undefined, { signal });
      }
    }
  }

  /** The files that the session gives back, each to be read or saved. Throws where it has not answered, or failed. */
  async artifacts(): Promise<SessionArtifact[]> {
    const { outcome } = await this.snapshot();
    const result = outcome === 'running' ? (await this.status()).result : await this.result();
    if (!result) throw new RequestRefused(`The session "${this.id}" has not answered yet.`);
    const { taskQueue } = await callServer(this.#client, this.id, () => this.#handle.describe());
    const source = { client: this.#client, taskQueue, store: this.#store, host: result.artifactsAt };
    return result.artifacts.map((artifact) => new SessionArtifact(artifact, source));
  }

  /** Tells what happens, from the first round on, until the session has ended. See `WatchOptions`. */
  watch(options?: WatchOptions): AsyncGenerator<SessionEvent> {
    const signal = options?.signal;
    const within = <T>(work: () => Promise<T>) => (signal ? this.#client.withAbortSignal(signal, work) : work());
    return watchSession(
      {
        snapshot: () => within(() => this.snapshot()),
        status: () => within(() => this.status()),
        trajectoryPage: (cursor) => within(() => this.trajectoryPage(cursor)),
        result: () => this.result({ signal }),
      },
      options,
    );
  }

  /** The input as it was sent; undefined where the server keeps its history no longer. */
  async input(): Promise<string | ResearchInput | undefined> {
    const { raw } = await callServer(this.#client, this.id, () => this.#handle.describe());
    const runId = raw.workflowExecutionInfo?.firstRunId || raw.workflowExecutionInfo?.execution?.runId;
    return (await firstInput(this.#client, this.id, runId ?? undefined)) as string | ResearchInput | undefined;
  }

  /** The histories of the run this was opened for, or of all runs of the session, oldest first. */
  async histories(): Promise<History[]> {
    const histories: History[] = [];
    const fetched = async (runId: string | undefined) => {
      const handle = this.#client.workflow.getHandle(this.id, runId);
      return callServer(this.#client, this.id, () => handle.fetchHistory());
    };
    for (let runId = this.runId; ; ) {
      const history = await fetched(runId);
      histories.unshift(history);
      const before = history.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
      if (this.runId !== undefined || !before) return histories;
      runId = before;
    }
  }

  /** The whole session as one document. */
  export(format: ExportFormat): Promise<string> {
    return exportSession(this, format);
  }

  #query<T>(name: string, ...args: unknown[]): Promise<T> {
    return callWorker(this.#client, this.id, `answered the query \`${name}\``, () => this.#handle.query(name, ...args));
  }

  #update(name: string, ...args: unknown[]): Promise<unknown> {
    return callWorker(this.#client, this.id, `took up the update \`${name}\``, () =>
      this.#handle.executeUpdate(name, { args: args as [unknown] }),
    );
  }
}

function researchFailed(error: WorkflowFailedError, id: string): ResearchFailed {
  const { cause } = error;
  const options = { cause: error };
  if (cause instanceof CancelledFailure)
    return new ResearchFailed('cancelled', `The session "${id}" was cancelled.`, options);
  if (cause instanceof TerminatedFailure) {
    return new ResearchFailed('terminated', `The session "${id}" was terminated: ${cause.message}`, options);
  }
  if (cause instanceof TimeoutFailure) {
    return new ResearchFailed('timed-out', `The session "${id}" ran into Temporal's own time limit.`, options);
  }
  const application = causes(error).findLast((each) => each instanceof ApplicationFailure);
  return new ResearchFailed('failed', plainMessage(error), { ...options, type: application?.type ?? undefined });
}
