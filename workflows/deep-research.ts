import * as wf from '@temporalio/workflow';
import type { Concluded } from '../protocol/activities.ts';
import type { ForkInput } from '../protocol/fork.ts';
import type { ResearchInput } from '../protocol/input.ts';
import type { ResearchResult, StopReason } from '../protocol/result.ts';
import { concludeAtWorkspace } from './at-workspace.ts';
import { askedOf, begin, unprepared } from './begin.ts';
import { handle } from './handlers.ts';
import { research } from './research.ts';
import { ActivityFailed } from './runtime.ts';
import { enter, newSessionAt, resultOf, type Session } from './session.ts';
import { currentRound, currentSegment, type SessionData } from './session-state.ts';
import { temporalRuntime } from './temporal-runtime.ts';

/** What a run hands to the next one. */
export interface Carried {
  data: SessionData;
  paused: boolean;
  finish: boolean;
}

/**
 * One question worked on, from the first round to the answer. See `researchInput` for what it takes, and `forkInput`
 * for a session that goes on from another's round.
 */
export async function deepResearch(
  input: string | ResearchInput | ForkInput,
  carried?: Carried,
): Promise<ResearchResult> {
  let session: Session | undefined;
  handle(() => session);
  const asked = askedOf(input);
  const runtime = temporalRuntime({
    searchAttributes: () => session?.data.prepared.searchAttributes ?? false,
    settings: asked.settings,
  });
  try {
    session = carried ? newSessionAt(carried.data, runtime) : unprepared(asked, runtime);
    if (carried) {
      session.controls.paused = carried.paused;
      session.controls.finish = carried.finish;
    } else {
      await begin(session, asked);
    }
    watchDeadline(session);
    return await answers(session);
  } catch (error) {
    if (session?.data.prepared.session.workspace) await conclude(session);
    throw error instanceof ActivityFailed ? wf.ApplicationFailure.nonRetryable(error.message, error.type) : error;
  }
}

/** The first answer, then one for each follow-up question while the session is kept open. */
async function answers(session: Session): Promise<ResearchResult> {
  const { data, controls, runtime } = session;
  for (;;) {
    const ended = await research(session);
    if (ended === 'continue_as_new') return continueAsNew(session);
    const open = data.settings.keepOpenSeconds > 0 && !session.timedOut && currentRound(data) !== undefined;
    session.result = resultOf(session, ended, await conclude(session, { answered: true, open }));
    if (!open) return done(session, ended);
    controls.open = true;
    controls.finish = false;
    enter(session, 'open');
    const asked = await runtime.until(() => controls.followUps.length > 0, data.settings.keepOpenSeconds * 1000);
    controls.open = false;
    if (!asked) {
      session.result = resultOf(session, ended, await conclude(session, { answered: true }));
      return done(session, ended);
    }
    const last = currentRound(data);
    if (last) last.followUp = controls.followUps.splice(0).join('\n\n');
  }
}

function done(session: Session, reason: StopReason): ResearchResult {
  currentSegment(session.data).stopReason = reason;
  enter(session, 'done');
  return session.result as ResearchResult;
}

function continueAsNew({ data, controls }: Session): Promise<never> {
  return wf.continueAsNew<typeof deepResearch>(data.settings, {
    data,
    paused: controls.paused,
    finish: controls.finish,
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
  const asked = { ...(answered ? { answered } : {}), ...(open ? { keep: true as const } : {}) };
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
