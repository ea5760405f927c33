import { randomBytes } from 'node:crypto';
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Priority } from '@temporalio/common';
import { encryptsFailures } from '../converter/data-converter.ts';
import type { BatchInput } from '../protocol/batch.ts';
import { type ForkInput, parseForkInput } from '../protocol/fork.ts';
import { parseResearchInput, type ResearchInput, type SentFile } from '../protocol/input.ts';
import { WORKFLOW } from '../protocol/names.ts';
import { firstSentence } from '../protocol/report.ts';
import type { Blobs } from '../store/blobs.ts';
import type { BatchRun } from './batch/batch-run.ts';
import { findBatch, retryFailed, startBatch } from './batch/batches.ts';
import { type ConnectOptions, connectTemporal, taskQueueFrom } from './connect.ts';
import { type DeploymentVersion, deploymentVersions, setCurrentVersion } from './deployment.ts';
import { InvalidInput, RequestRefused, SessionNotFound } from './errors.ts';
import { sharedStore } from './files/client-store.ts';
import { sendFiles, type UploadProgress } from './files/send-files.ts';
import { callServer } from './gateway.ts';
import { listSessions, type SessionListing } from './list.ts';
import { ResearchSession } from './session.ts';
import { sessionSlug } from './slug.ts';

export type { BatchInput, BatchProgress, BatchResult, BatchStatus } from '../protocol/batch.ts';
export type { ResearchInput } from '../protocol/input.ts';
export type { ResearchResult } from '../protocol/result.ts';
export type { Status } from '../protocol/status.ts';
export type { Round, Segment } from '../protocol/trajectory.ts';
export { BatchRun } from './batch/batch-run.ts';
export { type ConnectOptions, connectTemporal, taskQueueFrom } from './connect.ts';
export type { DeploymentVersion } from './deployment.ts';
export * from './errors.ts';
export type { SessionEvent } from './events.ts';
export { EXPORT_FORMATS, type ExportedSession, type ExportFormat, exportSession } from './export/export.ts';
export { SessionArtifact } from './files/artifact.ts';
export { sharedStore } from './files/client-store.ts';
export type { UploadProgress } from './files/send-files.ts';
export type { SessionListing } from './list.ts';
export { ResearchSession } from './session.ts';
export type { PendingActivity, Snapshot } from './snapshot.ts';
export type { WatchOptions } from './watch/watch.ts';

export interface DeepResearchClientOptions {
  /** A Temporal client of your own; connecting and closing stay yours. */
  client: Client;
  /** Default `TEMPORAL_TASK_QUEUE`, else `deep-research`. */
  taskQueue?: string;
  /** Store of files that is shared with the workers. Default: what `DEEP_RESEARCH_STORE_DIR` names, else none. */
  store?: Blobs;
}

export interface StartOptions {
  /** Workflow id. By default the question in short and a few random characters. */
  id?: string;
  /** Temporal's priority: 1 (first) to 5 (last), or with a fairness key. */
  priority?: number | Priority;
  /** Told while files are on their way. */
  onUpload?: (progress: UploadProgress) => void;
}

/** Starts research sessions and finds them again. */
export class DeepResearchClient {
  readonly taskQueue: string;
  readonly #client: Client;
  readonly #store?: Blobs;

  constructor({ client, taskQueue, store = sharedStore() }: DeepResearchClientOptions) {
    this.#client = client;
    this.#store = store;
    this.taskQueue = taskQueue ?? taskQueueFrom();
  }

  /** Versions of workers that name a deployment. */
  get deployments() {
    const client = this.#client;
    return {
      /** Has new sessions begin on a version; throws where no worker of it polls. */
      setCurrent: (deployment: string, buildId: string): Promise<void> =>
        setCurrentVersion(client, deployment, buildId),
      versions: (deployment: string): Promise<DeploymentVersion[]> => deploymentVersions(client, deployment),
    };
  }

  /**
   * Starts a session. A path in `files` is a file of this machine, which is sent first, through the store or in pieces;
   * addresses, and `{ path }` for the worker's own, are for the worker. Throws `InvalidInput` before anything is sent,
   * `RequestRefused` where the id is taken.
   */
  async start(input: string | ResearchInput, options: StartOptions = {}): Promise<ResearchSession> {
    const parsed = parseResearchInput(input);
    if ('error' in parsed) throw new InvalidInput(parsed.error);
    const { question, files } = parsed.settings;
    const sending = { client: this.#client, taskQueue: this.taskQueue, store: this.#store, onUpload: options.onUpload };
    const asked =
      typeof input === 'string' || files.length === 0 ? input : { ...input, files: await sendFiles(files, sending) };
    const name = this.encrypts ? 'session' : sessionSlug(question);
    return this.#start(asked, name, firstSentence(question, 120), options);
  }

  /**
   * Goes on after an earlier round of a session, as a new session; the original stays as it is. The workspace begins
   * as the original's was after that round. Throws as `start` does.
   */
  async fork(from: ForkInput, options: StartOptions = {}): Promise<ResearchSession> {
    const parsed = parseForkInput(from);
    if ('error' in parsed) throw new InvalidInput(parsed.error);
    const { session, round } = from.fork;
    return this.#start(from, `${session.slice(0, 80)}-r${round}`, `from round ${round} of ${session}`, options);
  }

  /** Whether it encrypts what it sends. Then nothing of a question may stand in an id, which nothing can encrypt. */
  get encrypts(): boolean {
    return encryptsFailures(this.#client.options?.dataConverter ?? {});
  }

  async #start(
    input: string | ResearchInput | ForkInput,
    name: string,
    summary: string,
    { id, priority }: StartOptions,
  ): Promise<ResearchSession> {
    const workflowId = id ?? `${name}-${randomBytes(3).toString('hex')}`;
    try {
      const handle = await callServer(this.#client, workflowId, () =>
        this.#client.workflow.start(WORKFLOW.session, {
          workflowId,
          taskQueue: this.taskQueue,
          args: [input],
          // Temporal keeps 400 bytes; three a character for Chinese.
          staticSummary: summary,
          ...(priority === undefined
            ? {}
            : { priority: typeof priority === 'number' ? { priorityKey: priority } : priority }),
        }),
      );
      return new ResearchSession(this.#client, workflowId, handle.firstExecutionRunId, this.#store);
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      throw new RequestRefused(`A session "${workflowId}" runs already: watch it, or give another id.`, {
        cause: error,
      });
    }
  }

  /** A session that was started before. Throws `SessionNotFound`. */
  async attach(id: string, runId?: string): Promise<ResearchSession> {
    const described = await callServer(this.#client, id, () => this.#client.workflow.getHandle(id, runId).describe());
    if (described.type !== WORKFLOW.session) {
      const hint =
        described.type === WORKFLOW.batch ? ' Batches have commands of their own, such as batch-status.' : '';
      throw new SessionNotFound(
        `The workflow "${id}" is of type ${described.type}: expected ${WORKFLOW.session}.${hint}`,
      );
    }
    return new ResearchSession(this.#client, id, runId, this.#store);
  }

  /**
   * Starts a batch of questions. One that has ended goes on under its id: what its output has finished stays. Throws
   * `InvalidInput` before anything is sent, `RequestRefused` where it runs already.
   */
  startBatch(input: string | BatchInput, { id }: { id: string }): Promise<BatchRun> {
    return startBatch(this.#client, input, { id, taskQueue: this.taskQueue });
  }

  /** Sends a file of this machine to the workers, for the `file` of a batch. What was sent before is not sent again. */
  async sendFile(path: string, onUpload?: (progress: UploadProgress) => void): Promise<SentFile> {
    const sending = { client: this.#client, taskQueue: this.taskQueue, store: this.#store, onUpload };
    const [sent] = await sendFiles([path], sending);
    return sent as SentFile;
  }

  /** A batch that was started before. Throws `SessionNotFound`. */
  batch(id: string): Promise<BatchRun> {
    return findBatch(this.#client, id);
  }

  /** Runs the rows of a batch again that have no answer. Throws `RequestRefused` while it runs. */
  retryFailed(id: string): Promise<BatchRun> {
    return retryFailed(this.#client, id, this.taskQueue);
  }

  /** The newest sessions first. `query` narrows it in Temporal's list filter language. */
  list(options: { query?: string; limit?: number } = {}): Promise<SessionListing[]> {
    return listSessions(this.#client, options);
  }
}

/** A client with a connection of its own, from Temporal's environment variables and configuration file. */
export async function connectDeepResearch(
  options: ConnectOptions & { taskQueue?: string } = {},
): Promise<DeepResearchClient & AsyncDisposable & { address: string; close(): Promise<void> }> {
  const { client, address, close } = await connectTemporal(options);
  const research = new DeepResearchClient({
    client,
    taskQueue: options.taskQueue ?? taskQueueFrom(options.env),
    store: sharedStore(options.env),
  });
  return Object.assign(research, { address, close, [Symbol.asyncDispose]: close });
}
