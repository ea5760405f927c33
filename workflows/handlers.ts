import * as wf from '@temporalio/workflow';
import type { InferenceView } from '../protocol/activities.ts';
import type { Checkpoint } from '../protocol/fork.ts';
import { type Message, messagesOf } from '../protocol/messages.ts';
import { QUERY, UPDATE } from '../protocol/names.ts';
import { reportOf } from '../protocol/report.ts';
import type { TrajectoryCursor, TrajectoryPage } from '../protocol/trajectory.ts';
import { checkText, readDecision } from './controls.ts';
import { refresh, type Session, statusOf } from './session.ts';
import { currentSegment, openCalls } from './session-state.ts';
import { viewOf } from './share-transcript.ts';

/**
 * Characters of one query answer. With three bytes each it is below the 256 KiB at which payloads go to the store, where
 * the Web UI cannot read them.
 */
const PAGE = 80_000;

/** Answers queries and takes updates for a session, from its first moment to its last. */
export function handle(session: () => Session | undefined): void {
  const ready = (): Session => {
    const now = session();
    if (!now) throw new Error('The session is being prepared; ask again in a moment.');
    return now;
  };
  handleQueries(ready);
  handleUpdates(ready);
}

function handleQueries(ready: () => Session): void {
  const transcript = (since = 0, upTo = Number.POSITIVE_INFINITY): Message[] => {
    const { data } = ready();
    return firstPage(messagesOf(currentSegment(data), data.prepared.protocol, since, upTo));
  };
  wf.setHandler(wf.defineQuery(QUERY.status), () => statusOf(ready()), {
    description: 'State, round, tokens and what runs now',
  });
  wf.setHandler(wf.defineQuery<Message[], [number?, number?]>(QUERY.transcript), transcript, {
    description: 'Messages of the current segment (since, upTo); a long list is cut, ask on from its end',
  });
  wf.setHandler(
    wf.defineQuery<TrajectoryPage, [TrajectoryCursor?]>(QUERY.trajectory),
    (cursor) => trajectoryPage(ready(), cursor),
    { description: 'All segments with their rounds; `next` is the argument for the next page' },
  );
  wf.setHandler(wf.defineQuery(QUERY.report), () => reportOf(statusOf(ready()), ready().data.segments), {
    description: 'The session as Markdown for people',
  });
  wf.setHandler(wf.defineQuery<InferenceView, [number, number]>(QUERY.inference), (since, upTo) => {
    const { settings, prepared } = ready().data;
    return viewOf(settings, prepared, transcript(since, upTo));
  });
  wf.setHandler(wf.defineQuery(QUERY.checkpoint), () => checkpointOf(ready()), {
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

function handleUpdates(ready: () => Session): void {
  const refuse = (reason: string): never => {
    throw new Error(reason);
  };
  wf.setHandler(
    wf.defineUpdate<void, [string]>(UPDATE.steer),
    (text) => {
      ready().data.steering.push(text.trim());
      refresh(ready());
    },
    { validator: (text) => checkText('steer', text), description: 'Text that the model sees in the next round' },
  );
  wf.setHandler(
    wf.defineUpdate<void, []>(UPDATE.pause),
    () => {
      ready().controls.paused = true;
      refresh(ready());
    },
    {
      validator: () => {
        if (ready().controls.paused) refuse('The session is paused already.');
      },
      description: 'Stops after the running call',
    },
  );
  wf.setHandler(
    wf.defineUpdate<void, []>(UPDATE.resume),
    () => {
      const { controls } = ready();
      controls.paused = false;
      if (controls.hold) controls.hold.released = true;
      refresh(ready());
    },
    {
      validator: () => {
        const { controls } = ready();
        if (!controls.paused && !controls.hold) refuse('The session is neither paused nor holding.');
      },
      description: 'Goes on after a pause or a hold',
    },
  );
  wf.setHandler(
    wf.defineUpdate<void, []>(UPDATE.finish),
    () => {
      ready().controls.finish = true;
      ready().interrupt.raise();
    },
    {
      validator: () => {
        if (ready().controls.finish) refuse('The session is finishing already.');
      },
      description: 'Answers now with what is there',
    },
  );
  wf.setHandler(
    wf.defineUpdate<void, [unknown, unknown?, unknown?]>(UPDATE.approve),
    (...args) => {
      const { callId, approved, reason } = readDecision(...args);
      ready().controls.decisions.set(callId, { approved, reason });
    },
    {
      validator: (...args: [unknown, unknown?, unknown?]) => {
        const { callId } = readDecision(...args);
        const waiting = openCalls(ready().data).filter((open) => open.state === 'approval');
        if (!waiting.some((open) => open.id === callId)) {
          const ids = waiting.map((open) => open.id).join(', ') || 'none';
          refuse(`approve: no call "${callId}" waits for approval; waiting: ${ids}`);
        }
        if (ready().controls.decisions.has(callId)) refuse(`approve: "${callId}" is decided already`);
      },
      description: 'Decides on a call that waits: {"callId": "r1c1", "approved": true, "reason": "…"}',
    },
  );
  wf.setHandler(
    wf.defineUpdate<void, [string]>(UPDATE.ask),
    (text) => {
      ready().controls.followUps.push(text.trim());
    },
    {
      validator: (text) => {
        checkText('ask', text);
        if (!ready().controls.open) refuse('ask: the session takes no follow-up questions now');
      },
      description: 'A follow-up question, while the session is kept open',
    },
  );
}
