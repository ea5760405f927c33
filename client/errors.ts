import { ApplicationFailure, isGrpcServiceError } from '@temporalio/client';

/** What the client throws: one sentence for people, `cause` for those who debug. */
export class DeepResearchError extends Error {
  override name = 'DeepResearchError';
}

/** The Temporal server cannot be reached. */
export class ServerUnreachable extends DeepResearchError {
  override name = 'ServerUnreachable';
}

/** The server is there, but no worker answered in time. */
export class WorkerMissing extends DeepResearchError {
  override name = 'WorkerMissing';
}

export class SessionNotFound extends DeepResearchError {
  override name = 'SessionNotFound';
}

/** The session has not the state that was asked for, or refused what was asked of it. */
export class RequestRefused extends DeepResearchError {
  override name = 'RequestRefused';
}

/** The input would be refused by the workflow; it was not sent. */
export class InvalidInput extends DeepResearchError {
  override name = 'InvalidInput';
}

/** How a session ended where it has no answer. */
export type FailureKind = 'failed' | 'cancelled' | 'terminated' | 'timed-out';

/** The session ended without an answer. `type` is the workflow failure's own, one of `FAILURE` or an error's name. */
export class ResearchFailed extends DeepResearchError {
  override name = 'ResearchFailed';
  readonly kind: FailureKind;
  readonly type?: string;

  constructor(kind: FailureKind, message: string, options: ErrorOptions & { type?: string } = {}) {
    super(message, options);
    this.kind = kind;
    this.type = options.type;
  }
}

/** Numbers of gRPC's status codes, from its specification. */
export const GRPC = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  failedPrecondition: 9,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** The gRPC status of an error or of what caused it. */
export function grpcCode(error: unknown): number | undefined {
  for (const each of causes(error)) if (isGrpcServiceError(each)) return each.code;
  return undefined;
}

/** The innermost message that says something: a failure's plain cause, a gRPC error's details. */
export function plainMessage(error: unknown): string {
  const chain = causes(error);
  const application = chain.findLast((each) => each instanceof ApplicationFailure);
  const last = (application ?? chain.at(-1)) as { details?: unknown; message?: string } | undefined;
  if (isGrpcServiceError(last)) return last.details || last.message;
  return last?.message || String(error);
}

/** An error and its causes, outermost first. */
export function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let each = error; each instanceof Error && chain.length < 20; each = each.cause) chain.push(each);
  return chain;
}
