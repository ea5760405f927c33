import type { InferencePurpose } from '../protocol/activities.ts';
import { countMessages } from '../protocol/messages.ts';
import { FAILURE } from '../protocol/names.ts';
import { addUsage, type Reply } from '../protocol/reply.ts';
import type { Round } from '../protocol/trajectory.ts';
import type { Interrupt } from './interrupt.ts';
import { ActivityFailed, Cancelled } from './runtime.ts';
import { enter, type Session } from './session.ts';
import { currentSegment } from './session-state.ts';
import { shareTranscript } from './share-transcript.ts';
import { calibrate, estimateTokens } from './token-estimate.ts';

/** A person has a day to mend a model server; after that the session fails. */
const LONGEST_HOLD_MS = 24 * 60 * 60 * 1000;

export interface ModelCall {
  purpose: InferencePurpose;
  /** Messages of the transcript to send; by default all. */
  messages?: number;
  /** A user message for this call only. */
  append?: string;
}

/** What a model call came to: a reply, a stop by a person or the deadline, or a context that is too long. */
export type Thought = { reply: Reply; startedAt: number } | 'interrupted' | 'overflow';

/**
 * One model call; `interrupt` is what may cut it short, by default that a person wants the answer now or the time is up.
 * A model that failed for good holds the session, unless nothing was achieved yet.
 */
export async function think(
  session: Session,
  call: ModelCall = { purpose: 'round' },
  interrupt = session.interrupt,
): Promise<Thought> {
  const { data, runtime } = session;
  for (;;) {
    const startedAt = runtime.now();
    const messages = call.messages ?? countMessages(currentSegment(data));
    try {
      const reply = await askModel(session, call, messages);
      learn(session, call, messages, reply);
      return { reply, startedAt };
    } catch (error) {
      if (error instanceof Cancelled) return 'interrupted';
      if (!(error instanceof ActivityFailed)) throw error;
      if (error.type === FAILURE.contextOverflow) return 'overflow';
      if (data.rounds === 0) throw error;
      await hold(session, error, interrupt);
      if (interrupt.holds()) return 'interrupted';
    }
  }
}

/** Not `async`: the SDK captures a stack for each promise of a workflow. */
function askModel(session: Session, call: ModelCall, messages: number): Promise<Reply> {
  const { data, runtime } = session;
  enter(session, call.purpose === 'summary' ? 'summarising' : call.purpose === 'answer' ? 'answering' : 'thinking');
  const round = data.rounds + 1;
  if (call.messages === undefined) data.sent = messages;
  return runtime.infer(
    {
      round,
      segment: currentSegment(data).index,
      messages,
      digest: shareTranscript(session, messages),
      purpose: call.purpose,
      ...(call.append === undefined ? {} : { append: call.append }),
      ...(data.endpoint ? { endpoint: data.endpoint } : {}),
      promptTokens: estimateTokens(data),
      contextTokens: data.settings.contextTokens,
    },
    { summary: SUMMARIES[call.purpose](round), queue: data.prepared.queues.inference },
  );
}

/** What a reply tells beside its text: its usage, how this session's text is counted, and where to ask again. */
function learn({ data }: Session, call: ModelCall, messages: number, reply: Reply): void {
  data.usage = addUsage(data.usage, reply.usage);
  data.endpoint = reply.endpoint;
  data.model = reply.model;
  if (call.purpose !== 'summary' && call.messages === undefined) calibrate(data, reply.usage, messages);
}

const SUMMARIES: Record<InferencePurpose, (round: number) => string> = {
  round: (round) => `round ${round}`,
  answer: (round) => `round ${round}, last answer`,
  summary: (round) => `summary before round ${round}`,
};

/** Adds a reply to the transcript as a new round. */
export function recordReply(session: Session, { reply, startedAt }: { reply: Reply; startedAt: number }): Round {
  const { data } = session;
  data.rounds += 1;
  const { calls, ...rest } = reply;
  const round: Round = {
    number: data.rounds,
    startedAt,
    reply: rest,
    calls: calls.map((call, index) => ({ ...call, id: `r${data.rounds}c${index + 1}`, state: 'waiting' })),
    notes: [],
  };
  currentSegment(data).rounds.push(round);
  return round;
}

async function hold(session: Session, cause: ActivityFailed, interrupt: Interrupt): Promise<void> {
  const { controls, runtime } = session;
  const held = { reason: cause.message, released: false };
  controls.hold = held;
  enter(session, 'holding');
  const goesOn = await runtime.until(() => held.released || interrupt.holds(), LONGEST_HOLD_MS);
  controls.hold = undefined;
  if (!goesOn) throw cause;
}
