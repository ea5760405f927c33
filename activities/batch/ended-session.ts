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
import type { InferenceView } from '../../protocol/activities.ts';
import { QUERY } from '../../protocol/names.ts';
import { toolsIn } from '../../protocol/original/to-rows.ts';
import type { ResearchResult } from '../../protocol/result.ts';
import { TOOL_SCHEMAS } from '../../protocol/tool-schemas.ts';
import type { Segment, TrajectoryCursor, TrajectoryPage } from '../../protocol/trajectory.ts';

/** A session that has ended, as Temporal and its workflow tell of it. */
export interface EndedSession {
  cancelled: boolean;
  result?: ResearchResult;
  /** Why there is no result. */
  error?: string;
  startedAt: number;
  endedAt: number;
  segments: Segment[];
  /** JSON of the tools' schemas. */
  tools: string;
}

/**
 * Reads a session that has ended. Throws where server or workers are away, to be tried again.
 *
 * @param patient whether a trajectory that cannot be had now may be had later; else the result alone is taken
 */
export async function readEndedSession(client: Client, id: string, patient: boolean): Promise<EndedSession> {
  const handle = client.workflow.getHandle(id);
  const nothing = { cancelled: false, segments: [], tools: '[]' };
  let described: Awaited<ReturnType<typeof handle.describe>>;
  try {
    described = await handle.describe();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    const now = Date.now();
    return { ...nothing, error: 'the session is no longer known to the server', startedAt: now, endedAt: now };
  }
  const { status, startTime, closeTime } = described;
  const endedAt = closeTime?.getTime() ?? Date.now();
  const ended = await outcomeOf(() => handle.result(), status.name);
  const segments = await trajectoryOf(client, id, patient);
  const startedAt = ended.result
    ? endedAt - ended.result.elapsedMs
    : (segments[0]?.rounds[0]?.startedAt ?? startTime.getTime());
  return {
    cancelled: status.name === 'CANCELLED',
    ...ended,
    startedAt,
    endedAt,
    segments,
    tools: await toolsOf(client, id, segments),
  };
}

async function outcomeOf(
  result: () => Promise<ResearchResult>,
  status: WorkflowExecutionStatusName,
): Promise<Pick<EndedSession, 'result' | 'error'>> {
  try {
    return { result: await result() };
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

async function trajectoryOf(client: Client, id: string, patient: boolean): Promise<Segment[]> {
  const segments: Segment[] = [];
  const handle = client.workflow.getHandle(id);
  try {
    for (let next: TrajectoryCursor | undefined = { segment: 0, round: 0 }; next; ) {
      const page: TrajectoryPage = await handle.query(QUERY.trajectory, next);
      for (const segment of page.segments) {
        const last = segments.at(-1);
        if (last?.index === segment.index) {
          segments[segments.length - 1] = { ...last, ...segment, rounds: [...last.rounds, ...segment.rounds] };
        } else segments.push(segment);
      }
      next = page.next;
    }
  } catch (error) {
    // It ended before it had begun, or what it did can no longer be replayed: its result counts all the same.
    if (patient && !isUnreadable(error)) throw error;
  }
  return segments;
}

/** Answers of the workflow itself, or that nobody will ever have one. */
function isUnreadable(error: unknown): boolean {
  if (error instanceof QueryNotRegisteredError || error instanceof QueryRejectedError) return true;
  if (error instanceof WorkflowNotFoundError) return true;
  return isGrpcServiceError(error) && error.code === INVALID_ARGUMENT;
}

/** gRPC's status of a query that the workflow answered with an error. */
const INVALID_ARGUMENT = 3;

/** Tools stand in the system prompt, one a line; with native calls the session is asked. */
async function toolsOf(client: Client, id: string, segments: Segment[]): Promise<string> {
  const [first] = segments;
  if (!first || first.system === '') return '[]';
  const listed = toolsIn(first.system);
  if (listed !== undefined) return listed;
  const view = await client.workflow
    .getHandle(id)
    .query<InferenceView, [number, number]>(QUERY.inference, 0, 0)
    .catch(() => undefined);
  const schemas = view?.schemas ?? view?.tools.flatMap((name) => TOOL_SCHEMAS[name as keyof typeof TOOL_SCHEMAS] ?? []);
  return JSON.stringify((schemas ?? []).map((schema) => ({ type: 'function', function: schema })));
}
