import {
  type Client,
  isGrpcDeadlineError,
  QueryNotRegisteredError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { PayloadUnreadable } from '../converter/encryption/codec.ts';
import {
  DeepResearchError,
  GRPC,
  grpcCode,
  plainMessage,
  RequestRefused,
  ServerUnreachable,
  SessionNotFound,
  WorkerMissing,
} from './errors.ts';

/** The server answers within milliseconds; in this time gRPC tries again a few times. */
const SERVER_MS = 4_000;
/** A worker may have to rebuild a long session first, which takes about a second. */
const WORKER_MS = 10_000;

/** Calls the server within a deadline and maps what fails to one of the client's errors. */
export async function callServer<T>(client: Client, id: string, work: () => Promise<T>): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + SERVER_MS, work);
  } catch (error) {
    throw mapError(error, id);
  }
}

/** The same for what a worker has to answer. `what` reads like "answered the query `status`". */
export async function callWorker<T>(client: Client, id: string, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + WORKER_MS, work);
  } catch (error) {
    if (!isUnanswered(error)) throw mapError(error, id);
    // The same deadline passes when the server itself is away.
    await callServer(client, id, () => client.workflow.getHandle(id).describe());
    throw new WorkerMissing(
      `No worker ${what} of the session "${id}": start one with \`npm run worker\` on its task queue.`,
      { cause: error },
    );
  }
}

/** What failed between here and the session, as one sentence. Errors of other kinds come back as they are. */
export function mapError(error: unknown, id: string): unknown {
  const cause = { cause: error };
  if (error instanceof DeepResearchError) return error;
  if (error instanceof PayloadUnreadable) return new DeepResearchError(error.message, cause);
  if (error instanceof WorkflowNotFoundError) {
    return /already completed/i.test(error.message)
      ? new RequestRefused(`The session "${id}" has ended already.`, cause)
      : new SessionNotFound(`There is no session "${id}" on this server.`, cause);
  }
  if (error instanceof WorkflowUpdateFailedError) return new RequestRefused(plainMessage(error), cause);
  if (error instanceof QueryNotRegisteredError) {
    // The server says the same of a query that no handler takes and of one whose history cannot be read.
    const lost = /A payload .*/.exec(plainMessage(error))?.[0];
    if (lost) return new DeepResearchError(lost, cause);
    return new RequestRefused(
      `The session "${id}" cannot tell: it ended before it had begun, or is another workflow.`,
      cause,
    );
  }
  const code = grpcCode(error);
  if (
    code === GRPC.unavailable ||
    code === GRPC.deadlineExceeded ||
    code === GRPC.cancelled ||
    isGrpcDeadlineError(error)
  ) {
    const why = code === GRPC.unavailable ? `: ${plainMessage(error)}` : ' in time.';
    return new ServerUnreachable(`The Temporal server does not answer${why}`, cause);
  }
  return code === undefined
    ? error
    : new DeepResearchError(`Temporal refused the request: ${plainMessage(error)}`, cause);
}

function isUnanswered(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isGrpcDeadlineError(error)) return true;
  const code = grpcCode(error);
  // "no poller seen for task queue recently, worker may be down"
  if (code === GRPC.failedPrecondition) return /poller|worker/i.test(plainMessage(error));
  return code === GRPC.cancelled || code === GRPC.deadlineExceeded;
}
