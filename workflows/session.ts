import type { Concluded } from '../protocol/activities.ts';
import { answerOf } from '../protocol/answer.ts';
import type { ResearchResult, StopReason } from '../protocol/result.ts';
import type { SessionState, Status } from '../protocol/status.ts';
import { type Controls, newControls } from './controls.ts';
import { detailsOf } from './details.ts';
import { Interrupt } from './interrupt.ts';
import type { Runtime } from './runtime.ts';
import { openCalls, type SessionData } from './session-state.ts';
import type { Shared } from './share-transcript.ts';
import { estimateTokens } from './token-estimate.ts';

/** A session at work: its data, what people asked of it, and the world it runs in. */
export interface Session {
  data: SessionData;
  controls: Controls;
  runtime: Runtime;
  state: SessionState;
  timedOut: boolean;
  /** Cuts work short when a person wants the answer now or the time is up. */
  interrupt: Interrupt;
  shared: Shared;
  result?: ResearchResult;
}

export function newSessionAt(data: SessionData, runtime: Runtime): Session {
  const session: Session = {
    data,
    controls: newControls(),
    runtime,
    state: 'preparing',
    timedOut: false,
    interrupt: new Interrupt(() => interrupted(session)),
    shared: { segment: 0, digests: [] },
  };
  return session;
}

export function enter(session: Session, state: SessionState): void {
  session.state = state;
  refresh(session);
}

/** Shows people the session as it is now. */
export function refresh(session: Session): void {
  const status = statusOf(session);
  session.runtime.show(detailsOf(status, session.data), { state: session.state, rounds: session.data.rounds });
}

export function statusOf(session: Session): Status {
  const { data, controls } = session;
  const thinking = session.state === 'thinking' || session.state === 'answering';
  return {
    state: controls.paused && thinking ? 'paused' : session.state,
    question: data.settings.question,
    round: data.rounds + (thinking ? 1 : 0),
    maxRounds: data.settings.maxRounds,
    segment: data.segments.length,
    usage: data.usage,
    context: { tokens: estimateTokens(data), limit: data.settings.contextTokens },
    calls: openCalls(data).map(({ id, name, arguments: args, state, startedAt }) => ({
      id,
      name,
      arguments: args,
      state,
      startedAt,
    })),
    steering: data.steering,
    ...(controls.hold ? { hold: controls.hold.reason } : {}),
    ...(data.endpoint ? { endpoint: data.endpoint } : {}),
    tools: data.prepared.tools,
    startedAt: data.startedAt,
    ...(session.result ? { result: session.result } : {}),
  };
}

export function resultOf(session: Session, stopReason: StopReason, concluded: Concluded): ResearchResult {
  const { data, runtime } = session;
  return {
    answer: answerOf(data.segments),
    stopReason,
    rounds: data.rounds,
    segments: data.segments.length,
    usage: data.usage,
    sources: data.sources,
    ...concluded,
    elapsedMs: runtime.now() - data.startedAt,
    model: data.model,
  };
}

/**
 * Waits while a person has paused the session; finishing and the deadline end a pause. Between rounds it may end with
 * the session still paused, where a new run has to go on.
 */
export async function whilePaused(session: Session, betweenRounds = false): Promise<void> {
  const { controls, runtime } = session;
  const before = session.state;
  enter(session, 'paused');
  const over = () => !controls.paused || interrupted(session);
  await runtime.until(() => over() || (betweenRounds && mustGoOnInNewRun(session)));
  if (over()) enter(session, before);
}

/** Updates alone fill a history: a session that waits for people has to go on in a new run as well. */
export const mustGoOnInNewRun = ({ runtime }: Session): boolean =>
  runtime.shouldContinueAsNew() && runtime.patched('go-on-while-waiting');

export const interrupted = (session: Session): boolean => session.controls.finish || session.timedOut;
