import {
  ApplicationFailure,
  type Client,
  isGrpcServiceError,
  QueryNotRegisteredError,
  QueryRejectedError,
  type WorkflowExecutionStatusName,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { type Account, toolsText } from '../../protocol/account.ts';
import { endingOf, type SessionEnding } from '../../protocol/batch-activities.ts';
import type { ResearchResult } from '../../protocol/result.ts';
import type { Segment } from '../../protocol/trajectory.ts';
import { askAccount } from './accounts.ts';

/** A session that has ended, as Temporal and its workflow tell of it. */
export interface EndedSession {
  cancelled: boolean;
  result?: SessionEnding;
  /** Why there is no result. */
  error?: string;
  startedAt: number;
  endedAt: number;
  segments: Segment[];
  /** JSON of the tools' schemas. */
  tools: string;
}

export interface EndedSessionSource {
  client: Client;
  /** The account that the session has left, where it has and where it can be read. */
  left: (sha256: string | undefined) => Promise<Account | undefined>;
  /** Whether what cannot be had now may be had later; else the result alone is taken. */
  patient: boolean;
}

/**
 * Reads a session that has ended: from what it left for its row, else by query, for which a worker replays it. Both give
 * the same. Throws where server or workers are away, to be tried again.
 */
export async function readEndedSession(
  { client, left, patient }: EndedSessionSource,
  id: string,
  ending?: SessionEnding,
): Promise<EndedSession> {
  const known = await left(ending?.account);
  if (ending && known) return answered(ending, known);
  const handle = client.workflow.getHandle(id);
  let described: Awaited<ReturnType<typeof handle.describe>>;
  try {
    described = await handle.describe();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    const now = Date.now();
    const gone = { cancelled: false, segments: [], tools: '[]', startedAt: now, endedAt: now };
    return { ...gone, error: 'the session is no longer known to the server' };
  }
  const { status, startTime, closeTime } = described;
  const { result, error } = await outcomeOf(() => handle.result(), status.name);
  const account = (await left(result?.account)) ?? (await accountOf(client, id, patient));
  if (result && account) return answered(result, account);
  const endedAt = closeTime?.getTime() ?? Date.now();
  const { segments = [] } = account ?? {};
  return {
    cancelled: status.name === 'CANCELLED',
    ...(result ? { result } : {}),
    ...(error === undefined ? {} : { error }),
    startedAt: result ? endedAt - result.elapsedMs : (segments[0]?.rounds[0]?.startedAt ?? startTime.getTime()),
    endedAt,
    segments,
    tools: account ? toolsText(account) : '[]',
  };
}

const answered = (result: SessionEnding, account: Account): EndedSession => ({
  cancelled: false,
  result,
  startedAt: account.startedAt,
  endedAt: account.startedAt + result.elapsedMs,
  segments: account.segments,
  tools: toolsText(account),
});

async function outcomeOf(
  result: () => Promise<ResearchResult>,
  status: WorkflowExecutionStatusName,
): Promise<Pick<EndedSession, 'result' | 'error'>> {
  try {
    return { result: endingOf(await result()) };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    if (status === 'FAILED') return { error: reasonOf(error) };
    return { error: `the session was ${status === 'TIMED_OUT' ? 'ended by its time limit' : status.toLowerCase()}` };
  }
}

/** The plain message of a failure: that of the innermost application failure. */
function reasonOf(error: Error): string {
  let message = error.message;
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if (each instanceof ApplicationFailure) message = each.message;
  }
  return message;
}

async function accountOf(client: Client, id: string, patient: boolean): Promise<Account | undefined> {
  try {
    return await askAccount(client, id);
  } catch (error) {
    // It ended before it had begun, or what it did can no longer be replayed: its result counts all the same.
    if (patient && !isUnreadable(error)) throw error;
    return undefined;
  }
}

/** Answers of the workflow itself, or that nobody will ever have one. */
function isUnreadable(error: unknown): boolean {
  if (error instanceof QueryNotRegisteredError || error instanceof QueryRejectedError) return true;
  if (error instanceof WorkflowNotFoundError) return true;
  return isGrpcServiceError(error) && error.code === INVALID_ARGUMENT;
}

/** gRPC's status of a query that the workflow answered with an error. */
const INVALID_ARGUMENT = 3;
