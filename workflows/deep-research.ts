import * as wf from '@temporalio/workflow';
import type { Concluded } from '../protocol/activities.ts';
import type { ForkInput } from '../protocol/fork.ts';
import type { ResearchInput } from '../protocol/input.ts';
import type { ResearchResult, StopReason } from '../protocol/result.ts';
import { concludeAtWorkspace } from './at-workspace.ts';
import { askedOf, begin, unprepared } from './begin.ts';
import { lastIds } from './controls.ts';
import { giveAccount } from './give-account.ts';
import { handle } from './handlers.ts';
import { research } from './research.ts';
import { ActivityFailed } from './runtime.ts';
import { enter, mustGoOnInNewRun, newSessionAt, resultOf, type Session } from './session.ts';
import { currentRound, currentSegment, type SessionData } from './session-state.ts';
import { type EndedSession, tellEnd, temporalRuntime } from './temporal-runtime.ts';

/** What a run hands to the next one. */
export interface Carried {
  data: SessionData;
  paused: boolean;
  finish: boolean;
  /** Ids of updates that were taken. */
  updates?: string[];
  open?: Open;
}

/** A session with an answer that is kept open for follow-up questions. */
interface Open {
  /** Why its rounds ended. */
  reason: StopReason;
  /** Epoch milliseconds. */
  until: number;
  result: ResearchResult;
}

/**
 * One question worked on, from the first round to the answer. See `researchInput` for what it takes, and `forkInput`
 * for a session that goes on from another's round.
 */
export async function deepResearch(
  input: string | ResearchInput | ForkInput,
  carried?: Carried,
): Promise<ResearchResult> {
  const asked = askedOf(input);
  const runtime = temporalRuntime({
    searchAttributes: () => session.data.prepared.searchAttributes,
    settings: asked.settings,
  });
  const session = carried ? newSessionAt(carried.data, runtime) : unprepared(asked, runtime);
  if (carried) {
    session.controls.paused = carried.paused;
    session.controls.finish = carried.finish;
    session.controls.ids = new Set(carried.updates);
  }
  handle(session);
  try {
    if (!carried) await begin(session, asked);
    watchDeadline(session);
    const result = await answers(session, carried?.open);
    tellEnd(ending(session, result.stopReason));
    return result;
  } catch (error) {
    // The files stay for the next run, and so does what runs beside them.
    if (error instanceof wf.ContinueAsNew && runtime.patched('keep-workspace-for-next-run')) throw error;
    if (session.data.prepared.session.workspace) await conclude(session);
    if (!(error instanceof wf.ContinueAsNew)) tellEnd({ ...ending(session, failureOf(error)), failed: true });
    throw error instanceof ActivityFailed ? wf.ApplicationFailure.nonRetryable(error.message, error.type) : error;
  }
}

const ending = ({ data }: Session, outcome: string): EndedSession => ({
  outcome,
  failed: false,
  startedAt: data.startedAt,
  model: data.model,
  rounds: data.rounds,
  usage: data.usage,
});

function failureOf(error: unknown): string {
  if (wf.isCancellation(error)) return 'cancelled';
  return error instanceof ActivityFailed || error instanceof wf.ApplicationFailure ? (error.type ?? 'Error') : 'Error';
}

/** The first answer, then one for each follow-up question while the session is kept open. */
async function answers(session: Session, open?: Open): Promise<ResearchResult> {
  const { data } = session;
  for (;;) {
    if (!open) {
      const reason = await research(session);
      if (reason === 'continue_as_new') return continueAsNew(session);
      const stays = data.settings.keepOpenSeconds > 0 && !session.timedOut && currentRound(data) !== undefined;
      session.result = resultOf(session, reason, await conclude(session, { answered: true, open: stays }));
      if (!stays) return done(session, reason);
      open = { reason, until: session.runtime.now() + data.settings.keepOpenSeconds * 1000, result: session.result };
    }
    const next = await keepOpen(session, open);
    if (next === 'continue_as_new') return continueAsNew(session, open);
    if (next === 'ended') {
      session.result = resultOf(session, open.reason, await conclude(session, { answered: true }));
      return done(session, open.reason);
    }
    open = undefined;
  }
}

/** Waits for a follow-up question, which it hands to the session. */
async function keepOpen(session: Session, open: Open): Promise<'asked' | 'ended' | 'continue_as_new'> {
  const { data, controls, runtime } = session;
  session.result = open.result;
  controls.open = true;
  controls.finish = false;
  enter(session, 'open');
  const asked = () => controls.followUps.length > 0;
  const finished = () => controls.finish && runtime.patched('finish-while-open');
  const waited = await runtime.until(
    () => asked() || finished() || mustGoOnInNewRun(session),
    Math.max(1, open.until - runtime.now()),
  );
  controls.open = false;
  if (!asked()) return waited && !finished() ? 'continue_as_new' : 'ended';
  const last = currentRound(data);
  if (last) last.followUp = controls.followUps.splice(0).join('\n\n');
  return 'asked';
}

function done(session: Session, reason: StopReason): ResearchResult {
  currentSegment(session.data).stopReason = reason;
  enter(session, 'done');
  return session.result as ResearchResult;
}

function continueAsNew({ data, controls }: Session, open?: Open): Promise<never> {
  return wf.continueAsNew<typeof deepResearch>(data.settings, {
    data,
    paused: controls.paused,
    finish: controls.finish,
    updates: lastIds(controls),
    ...(open ? { open } : {}),
  });
}

/** One timer a run, not one a round. */
function watchDeadline(session: Session): void {
  const { timeoutSeconds } = session.data.settings;
  if (timeoutSeconds === undefined) return;
  const left = session.data.startedAt + timeoutSeconds * 1000 - session.runtime.now();
  wf.sleep(Math.max(1, left)).then(
    () => {
      session.timedOut = true;
      session.interrupt.raise();
    },
    () => {},
  );
}

/**
 * Ends what the session still has running, unless it is open for more, lists its files and has its answer checked; never
 * why a session fails. One that was prepared by an older worker lists its files only at its end.
 */
async function conclude(session: Session, { answered = false, open = false } = {}): Promise<Concluded> {
  const { data, runtime } = session;
  if (open && !data.workspace) return { artifacts: [] };
  // Its parent may be a batch, which is left what the session's row needs; any other has no use for it.
  const batch = answered && !open ? runtime.parent : undefined;
  if (answered) giveAccount(session);
  const asked = {
    ...(answered ? { answered } : {}),
    ...(open ? { keep: true as const } : {}),
    ...(batch === undefined ? {} : { batch }),
  };
  try {
    return await wf.CancellationScope.nonCancellable(() =>
      data.workspace
        ? concludeAtWorkspace(session, asked)
        : runtime.conclude({ session: data.prepared.session, ...asked }, {}),
    );
  } catch {
    return { artifacts: [] };
  }
}
