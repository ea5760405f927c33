import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import type { InferInput, Prepared } from '../../protocol/activities.ts';
import type { Forked } from '../../protocol/fork.ts';
import { UPDATE, WORKFLOW } from '../../protocol/names.ts';
import { continuationOpening, steeringNotice } from '../../protocol/notices.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { ResearchResult } from '../../protocol/result.ts';
import type { ToolCallInput, ToolCallOutput } from '../../protocol/tool-call.ts';
import type { CallRecord, Round, Segment } from '../../protocol/trajectory.ts';
import { InvalidInput } from '../errors.ts';

/** What a history tells of its session, without a server or a worker. */
export interface RecordedSession {
  question: string;
  segments: Segment[];
  result?: ResearchResult;
  /** Why it ended without one. */
  failure?: string;
}

type History = ReturnType<typeof historyFromJSON>;
type Event = NonNullable<History['events']>[number];
type Failure = { message?: string | null; cause?: Failure | null };

/** A history as the Web UI or `temporal workflow show -o json` gives it. @throws InvalidInput */
export function readHistory(text: string, name: string): History {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw new InvalidInput(`${name}: expected a history as JSON, as the Web UI's Download gives it.`);
  }
  const events = Array.isArray(raw) ? raw : (raw as { events?: unknown } | null)?.events;
  if (!Array.isArray(events) || events.length === 0) throw new InvalidInput(`${name}: it holds no "events".`);
  let history: History;
  try {
    history = historyFromJSON({ events });
  } catch (error) {
    throw new InvalidInput(
      `${name}: its events cannot be read (${(error as Error).message.slice(0, 120)}). Download it without decoding.`,
    );
  }
  const type = history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name;
  if (type !== WORKFLOW.session) {
    throw new InvalidInput(`${name}: expected the history of a ${WORKFLOW.session}, from its first event on.`);
  }
  return history;
}

/** Reads the trajectory out of a history. What a run that continues another was given stands before its own rounds. */
export function recordedSession(history: History): RecordedSession {
  const events = history.events ?? [];
  const [input, carried] = decodeAll(events[0]?.workflowExecutionStartedEventAttributes?.input?.payloads);
  const record = new Recorder(input, (carried as { data?: { segments?: Segment[] } } | undefined)?.data?.segments);
  for (const event of events) record.take(event);
  return record.session();
}

class Recorder {
  private question: string;
  private segments: Segment[];
  private readonly scheduled = new Map<string, { type: string; input: unknown; at: number }>();
  private result?: ResearchResult;
  private failure?: string;

  constructor(input: unknown, carried: Segment[] = []) {
    this.question = typeof input === 'string' ? input : ((input as { question?: string } | null)?.question ?? '');
    this.segments = carried;
  }

  session(): RecordedSession {
    const { question, segments, result, failure } = this;
    return { question, segments, ...(result ? { result } : {}), ...(failure ? { failure } : {}) };
  }

  take(event: Event): void {
    const at = timeOf(event);
    const scheduled = event.activityTaskScheduledEventAttributes;
    const completed = event.activityTaskCompletedEventAttributes;
    const failed = event.activityTaskFailedEventAttributes ?? event.activityTaskTimedOutEventAttributes;
    const stopped = event.activityTaskCancelRequestedEventAttributes;
    const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input;
    if (scheduled) {
      const [input] = decodeAll(scheduled.input?.payloads);
      this.scheduled.set(String(event.eventId), { type: scheduled.activityType?.name ?? '', input, at });
    } else if (stopped) {
      // The session does not wait for what it stopped, nor read what still comes of it.
      this.scheduled.delete(String(stopped.scheduledEventId));
    } else if (completed) {
      this.ended(String(completed.scheduledEventId), decodeAll(completed.result?.payloads)[0], at);
    } else if (failed) {
      this.failed(String(failed.scheduledEventId), messageOf(failed.failure), at);
    } else if (update) {
      this.told(update.name ?? '', decodeAll(update.args?.payloads)[0]);
    }
    const done = event.workflowExecutionCompletedEventAttributes;
    if (done) this.result = decodeAll(done.result?.payloads)[0] as ResearchResult;
    const broken = event.workflowExecutionFailedEventAttributes;
    if (broken) this.failure = messageOf(broken.failure);
    if (event.workflowExecutionCanceledEventAttributes) this.failure = 'The session was cancelled.';
    if (event.workflowExecutionTerminatedEventAttributes) this.failure = 'The session was terminated.';
  }

  private ended(id: string, value: unknown, at: number): void {
    const activity = this.scheduled.get(id);
    if (!activity) return;
    if (activity.type === 'prepare') {
      const { systemPrompt, opening } = value as Prepared;
      this.open(systemPrompt, opening);
    } else if (activity.type === 'fork') {
      const { segments, settings } = value as Forked;
      this.question = settings.question;
      this.segments = segments;
    } else if (activity.type === 'infer') {
      this.replied(activity.input as InferInput, value as Reply, activity.at);
    } else {
      const output = value as ToolCallOutput | null;
      if (output && typeof output.text === 'string') {
        this.settle(activity, { state: output.failed ? 'failed' : 'done', result: output.text, endedAt: at });
      }
    }
  }

  private failed(id: string, message: string, at: number): void {
    const activity = this.scheduled.get(id);
    if (activity) this.settle(activity, { state: 'failed', result: message, endedAt: at });
  }

  private settle({ input, at }: { input: unknown; at: number }, end: Partial<CallRecord>): void {
    const callId = (input as Partial<ToolCallInput> | null)?.callId;
    const round = this.rounds().at(-1);
    const call = round?.calls.find(({ id }) => id === callId);
    if (call) Object.assign(call, { startedAt: at }, end);
  }

  private replied({ round: number, purpose }: InferInput, { calls, ...reply }: Reply, startedAt: number): void {
    const segment = this.segments.at(-1);
    if (!segment) return;
    if (purpose === 'summary') {
      segment.summary = { request: '', reply };
      segment.stopReason = `discard_all_${String(segment.index + 1).padStart(2, '0')}`;
      this.open(segment.system, continuationOpening(this.question, reply.text));
      return;
    }
    const records = calls.map((call, index): CallRecord => {
      const skipped = call.error === undefined ? {} : { result: call.error, state: 'failed' as const };
      return { ...call, id: `r${number}c${index + 1}`, state: 'skipped', ...skipped };
    });
    segment.rounds.push({ number, startedAt, reply, calls: records, notes: [] });
  }

  private told(name: string, first: unknown): void {
    const round = this.rounds().at(-1);
    if (!round || typeof first !== 'string') return;
    if (name === UPDATE.steer) round.notes.push(steeringNotice(first));
    if (name === UPDATE.ask) round.followUp = first;
  }

  private open(system: string, opening: string): void {
    this.segments.push({ index: this.segments.length, system, opening, rounds: [] });
  }

  private rounds(): Round[] {
    return this.segments.at(-1)?.rounds ?? [];
  }
}

function decodeAll(payloads: readonly Payload[] | null | undefined): unknown[] {
  return (payloads ?? []).map((payload) => {
    try {
      return defaultPayloadConverter.fromPayload(payload);
    } catch {
      // Kept outside of the history, where this machine does not reach.
      return undefined;
    }
  });
}

const timeOf = ({ eventTime }: Event): number =>
  Number(eventTime?.seconds ?? 0) * 1000 + Math.floor((eventTime?.nanos ?? 0) / 1e6);

/** The innermost message. */
function messageOf(failure: Failure | null | undefined): string {
  return failure?.cause ? messageOf(failure.cause) : (failure?.message ?? 'no cause was recorded');
}
