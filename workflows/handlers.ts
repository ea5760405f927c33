import * as wf from '@temporalio/workflow';
import type { InferenceView } from '../protocol/activities.ts';
import type { Checkpoint } from '../protocol/fork.ts';
import { type Message, messagesOf } from '../protocol/messages.ts';
import { QUERY, UPDATE } from '../protocol/names.ts';
import { reportOf } from '../protocol/report.ts';
import type { TrajectoryCursor, TrajectoryPage } from '../protocol/trajectory.ts';
import { checkRoom, checkText, readDecision, take } from './controls.ts';
import { refresh, type Session, statusOf } from './session.ts';
import { currentSegment, openCalls } from './session-state.ts';
import { viewOf } from './share-transcript.ts';

/**
 * Characters of one query answer. With three bytes each it is below the 256 KiB at which payloads go to the store, where
 * the Web UI cannot read them.
 */
const PAGE = 80_000;

/**
 * Answers queries and takes updates for a session, from its first moment to its last. The session has to be there:
 * updates that came with the start of a run, as those that the run before could not take, are given to it at once.
 */
export function handle(session: Session): void {
  handleQueries(session);
  handleUpdates(session);
}

function handleQueries(session: Session): void {
  const transcript = (since = 0, upTo = Number.POSITIVE_INFINITY): Message[] => {
    const { data } = session;
    return firstPage(messagesOf(currentSegment(data), data.prepared.protocol, since, upTo));
  };
  wf.setHandler(wf.defineQuery(QUERY.status), () => statusOf(session), {
    description: 'State, round, tokens and what runs now',
  });
  wf.setHandler(wf.defineQuery<Message[], [number?, number?]>(QUERY.transcript), transcript, {
    description: 'Messages of the current segment (since, upTo); a long list is cut, ask on from its end',
  });
  wf.setHandler(
    wf.defineQuery<TrajectoryPage, [TrajectoryCursor?]>(QUERY.trajectory),
    (cursor) => trajectoryPage(session, cursor),
    { description: 'All segments with their rounds; `next` is the argument for the next page' },
  );
  wf.setHandler(wf.defineQuery(QUERY.report), () => reportOf(statusOf(session), session.data.segments), {
    description: 'The session as Markdown for people',
  });
  wf.setHandler(wf.defineQuery<InferenceView, [number, number]>(QUERY.inference), (since, upTo) => {
    const { settings, prepared } = session.data;
    return viewOf(settings, prepared, transcript(since, upTo));
  });
  wf.setHandler(wf.defineQuery(QUERY.checkpoint), () => checkpointOf(session), {
    description: 'What a fork takes over beside the trajectory',
  });
}

function checkpointOf({ data: { settings, prepared, sources, tokens, workspace } }: Session): Checkpoint {
  return { settings, prepared, sources, charsPerToken: tokens.charsPerToken, ...(workspace ? { workspace } : {}) };
}

function firstPage<T>(items: T[]): T[] {
  let size = 0;
  const end = items.findIndex((item) => {
    size += JSON.stringify(item).length;
    return size > PAGE;
  });
  return end < 0 ? items : items.slice(0, Math.max(1, end));
}

function trajectoryPage({ data }: Session, from: TrajectoryCursor = { segment: 0, round: 0 }): TrajectoryPage {
  const page: TrajectoryPage = { segments: [] };
  let size = 0;
  for (const segment of data.segments.slice(from.segment)) {
    const first = segment.index === from.segment ? from.round : 0;
    const rounds = [];
    for (const [offset, round] of segment.rounds.slice(first).entries()) {
      size += JSON.stringify(round).length;
      if (size > PAGE && (rounds.length > 0 || page.segments.length > 0)) {
        page.next = { segment: segment.index, round: first + offset };
        break;
      }
      rounds.push(round);
    }
    page.segments.push({ ...segment, rounds });
    if (page.next) break;
  }
  return page;
}

function handleUpdates(session: Session): void {
  const refuse = (reason: string): never => {
    throw new Error(reason);
  };
  /** For an update's handler, which acts on a new one only. */
  const isNew = (): boolean => take(session.controls, wf.currentUpdateInfo()?.id ?? '');
  wf.setHandler(
    wf.defineUpdate<void, [string]>(UPDATE.steer),
    (text) => {
      if (!isNew()) return;
      session.data.steering.push(text.trim());
      refresh(session);
    },
    {
      validator: (text) => {
        checkText('steer', text);
        const { controls, data } = session;
        checkRoom('steer', controls, data.steering.length);
      },
      description: 'Text that the model sees in the next round',
    },
  );
  wf.setHandler(
    wf.defineUpdate<void, []>(UPDATE.pause),
    () => {
      if (!isNew()) return;
      session.controls.paused = true;
      refresh(session);
    },
    {
      validator: () => {
        const { controls } = session;
        if (controls.paused) refuse('The session is paused already.');
        checkRoom('pause', controls);
      },
      description: 'Stops after the running call',
    },
  );
  wf.setHandler(
    wf.defineUpdate<void, []>(UPDATE.resume),
    () => {
      if (!isNew()) return;
      const { controls } = session;
      controls.paused = false;
      if (controls.hold) controls.hold.released = true;
      refresh(session);
    },
    {
      validator: () => {
        const { controls } = session;
        if (!controls.paused && !controls.hold) refuse('The session is neither paused nor holding.');
      },
      description: 'Goes on after a pause or a hold',
    },
  );
  wf.setHandler(
    wf.defineUpdate<void, []>(UPDATE.finish),
    () => {
      if (!isNew()) return;
      session.controls.finish = true;
      session.interrupt.raise();
    },
    {
      validator: () => {
        if (session.controls.finish) refuse('The session is finishing already.');
      },
      description: 'Answers now with what is there; ends a session that is kept open',
    },
  );
  wf.setHandler(
    wf.defineUpdate<void, [unknown, unknown?, unknown?]>(UPDATE.approve),
    (...args) => {
      if (!isNew()) return;
      const { callId, approved, reason } = readDecision(...args);
      session.controls.decisions.set(callId, { approved, reason });
    },
    {
      validator: (...args: [unknown, unknown?, unknown?]) => {
        const { callId } = readDecision(...args);
        const waiting = openCalls(session.data).filter((open) => open.state === 'approval');
        if (!waiting.some((open) => open.id === callId)) {
          const ids = waiting.map((open) => open.id).join(', ') || 'none';
          refuse(`approve: no call "${callId}" waits for approval; waiting: ${ids}`);
        }
        if (session.controls.decisions.has(callId)) refuse(`approve: "${callId}" is decided already`);
      },
      description: 'Decides on a call that waits: {"callId": "r1c1", "approved": true, "reason": "…"}',
    },
  );
  wf.setHandler(
    wf.defineUpdate<void, [string]>(UPDATE.ask),
    (text) => {
      if (isNew()) session.controls.followUps.push(text.trim());
    },
    {
      validator: (text) => {
        checkText('ask', text);
        const { controls } = session;
        if (!controls.open) refuse('ask: the session takes no follow-up questions now');
        checkRoom('ask', controls, controls.followUps.length);
      },
      description: 'A follow-up question, while the session is kept open',
    },
  );
}
