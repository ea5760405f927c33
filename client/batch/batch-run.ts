import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, type Client, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import type { BatchInput, BatchProgress, BatchResult, BatchStatus } from '../../protocol/batch.ts';
import { QUERY, UPDATE } from '../../protocol/names.ts';
import { causes, plainMessage, RequestRefused, ResearchFailed, ServerUnreachable } from '../errors.ts';
import { firstInput } from '../first-input.ts';
import { callServer, callWorker, mapError } from '../gateway.ts';
import { type Snapshot, snapshotOf } from '../snapshot.ts';

/** A batch of questions. Its sessions are found by their ids in `progress`, and run on whether anybody looks or not. */
export class BatchRun {
  readonly id: string;
  readonly #client: Client;
  readonly #handle: WorkflowHandle;

  constructor(client: Client, id: string) {
    this.id = id;
    this.#client = client;
    this.#handle = client.workflow.getHandle(id);
  }

  /** What the server knows without a worker. `firstRunId` tells one start of the batch from another. */
  async snapshot(): Promise<Snapshot & { firstRunId?: string }> {
    const description = await callServer(this.#client, this.id, () => this.#handle.describe());
    const { raw } = description;
    const firstRunId = raw.workflowExecutionInfo?.firstRunId || raw.workflowExecutionInfo?.execution?.runId;
    return { ...(await snapshotOf(description, this.#client)), ...(firstRunId ? { firstRunId } : {}) };
  }

  status(): Promise<BatchStatus> {
    return this.#query(QUERY.status);
  }

  /** The sessions that ended last. */
  progress(): Promise<BatchProgress> {
    return this.#query(QUERY.progress);
  }

  /** No more sessions are started; those at work go on. */
  async pause(): Promise<void> {
    await this.#update(UPDATE.pause);
  }

  async resume(): Promise<void> {
    await this.#update(UPDATE.resume);
  }

  /** Most sessions at work at once. */
  async window(size: number): Promise<void> {
    await this.#update(UPDATE.window, size);
  }

  /** Stops the batch and its sessions; what is done stays in the output, and the same batch can be started again. */
  async cancel(): Promise<void> {
    // Temporal takes the request for a closed workflow without a word.
    const { outcome } = await this.snapshot();
    if (outcome !== 'running') throw new RequestRefused(`The batch "${this.id}" has ended already.`);
    await callServer(this.#client, this.id, () => this.#handle.cancel());
  }

  /** Waits for the end, also while the server is away for a while. Throws `ResearchFailed` where it failed. */
  async result({ signal }: { signal?: AbortSignal } = {}): Promise<BatchResult> {
    const wait = (): Promise<BatchResult> => this.#handle.result();
    for (;;) {
      try {
        return await (signal ? this.#client.withAbortSignal(signal, wait) : wait());
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof WorkflowFailedError) throw await this.#failed(error);
        const mapped = mapError(error, this.id);
        if (!(mapped instanceof ServerUnreachable)) throw mapped;
        await sleep(2_000, undefined, { signal });
      }
    }
  }

  /** The input as it was sent; undefined where the server keeps its history no longer. */
  async input(): Promise<string | BatchInput | undefined> {
    const { firstRunId } = await this.snapshot();
    return (await firstInput(this.#client, this.id, firstRunId)) as string | BatchInput | undefined;
  }

  async #failed(error: WorkflowFailedError): Promise<ResearchFailed> {
    const { outcome } = await this.snapshot();
    const kind = outcome === 'cancelled' || outcome === 'terminated' || outcome === 'timed-out' ? outcome : 'failed';
    const application = causes(error).findLast((each) => each instanceof ApplicationFailure);
    const message = kind === 'failed' ? plainMessage(error) : `The batch "${this.id}" was ${kind}.`;
    return new ResearchFailed(kind, message, { cause: error, type: application?.type ?? undefined });
  }

  #query<T>(name: string): Promise<T> {
    return callWorker(this.#client, this.id, `answered the query \`${name}\``, () => this.#handle.query(name));
  }

  #update(name: string, ...args: unknown[]): Promise<unknown> {
    return callWorker(this.#client, this.id, `took up the update \`${name}\``, () =>
      this.#handle.executeUpdate(name, { args: args as [unknown] }),
    );
  }
}
