import { fileURLToPath } from 'node:url';
import { type History, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentSinks } from '../../worker/sinks.ts';
import { type SessionHandle, START_LIMIT_MS } from '../support/sessions.ts';
import {
  checkpointBreaches,
  consumptionBreaches,
  effectBreaches,
  forkBreaches,
  type Request,
  recoveryBreaches,
} from './checks.ts';
import { EFFECTS, FOLLOW_UP, RICH, startPeople, trajectoryOf } from './rich-session.ts';
import { openStand, type Stand } from './stand.ts';

/** `RESET_REAPPLY_EXCLUDE_TYPE_UPDATE` */
const WITHOUT_UPDATES = 2;

/** One undisturbed session, restored, forked and reset at each of its points. */
const ORIGINAL = 'original';
const FORKED_ROUNDS = [1, 2, 3, 4, 5, 6, 7];
/** The round with the first answer. */
const ANSWERED = 7;
/** As many are reset at once. */
const RESET_SESSIONS = 8;

let stand: Stand;
let people: ReturnType<typeof startPeople>;
let original: SessionHandle;
let undisturbed: object[];
let runs: History[];
let requests: Request[];

beforeAll(async () => {
  stand = await openStand();
  people = startPeople(stand, () => false);
  await stand.work();
  original = await stand.start(RICH, ORIGINAL);
  await original.result();
  undisturbed = await trajectoryOf(stand.client.workflow.getHandle(ORIGINAL));
  runs = await stand.histories(original);
  requests = await stand.requests(ORIGINAL);
}, START_LIMIT_MS);

afterAll(async () => {
  await people?.stop();
  await stand?.close();
});

const textOf = (histories: History[]) => histories.map((history) => JSON.parse(historyToJSON(history)));
const eventsOf = ({ events }: History) => events ?? [];

test('the session has what can be broken: new runs, a context reset, people', () => {
  expect(runs.length).toBeGreaterThan(1);
  expect(undisturbed).toHaveLength(2);
  expect(consumptionBreaches(undisturbed)).toEqual([]);
  expect(effectBreaches(stand.effects(ORIGINAL))).toEqual([]);
});

describe('with its history replayed up to each workflow task, by a worker that knows nothing of it', () => {
  const restored: { point: string; transcripts: Request[] }[] = [];

  beforeAll(async () => {
    const logger = new DefaultLogger('ERROR');
    Runtime.install({ logger });
    const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));
    const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger });
    for (const [run, history] of runs.entries()) {
      const events = eventsOf(history);
      for (const [index, event] of events.entries()) {
        const ends = index === events.length - 1;
        if (!event.workflowTaskStartedEventAttributes && !ends) continue;
        const transcripts: Request[] = [];
        const sinks = { ...silentSinks, transcript: { share: { fn: keepIn(transcripts), callDuringReplay: true } } };
        await Worker.runReplayHistory({ workflowBundle, sinks }, { events: events.slice(0, index + 1) }, ORIGINAL);
        restored.push({ point: `run ${run + 1}, event ${index + 1}`, transcripts });
      }
    }
  });

  test('contract 3, checkpoint validity: each transcript that is restored was sent to the model, to the byte', () => {
    console.log(`${restored.length} points`);
    expect(restored.length).toBeGreaterThan(20);
    const sizes = restored.flatMap(({ transcripts }) => transcripts.map(({ length }) => length));
    expect(Math.max(...sizes)).toBeGreaterThan(10);
    const breaches = restored.map(({ point, transcripts }) => [point, checkpointBreaches(transcripts, requests)]);
    expect(breaches.filter(([, found]) => found?.length)).toEqual([]);
  });

  test('contract 5, recovery determinism: a longer history restores what a shorter one did, and more', () => {
    for (const [index, { transcripts }] of restored.entries()) {
      const before = restored[index - 1];
      if (before?.point.split(',')[0] !== restored[index]?.point.split(',')[0]) continue;
      expect(transcripts.slice(0, before?.transcripts.length)).toEqual(before?.transcripts);
    }
  });
});

/** The transcript of a segment, as it grows by what the workflow shares. */
function keepIn(transcripts: Request[]) {
  const segments = new Map<number, string[]>();
  return (_: unknown, segment: number, since: number, { messages }: { messages: object[] }) => {
    const grown = [...(segments.get(segment) ?? []).slice(0, since), ...messages.map((one) => JSON.stringify(one))];
    segments.set(segment, grown);
    transcripts.push(grown);
  };
}

describe('with a fork at each round', () => {
  const forks: { round: number; trajectory: object[]; first: Request | undefined; effects: string[] }[] = [];
  let before: unknown;
  let after: unknown;

  beforeAll(async () => {
    before = textOf(runs);
    await Promise.all(
      FORKED_ROUNDS.map(async (round) => {
        const id = `fork-${round}`;
        // From an answer it goes on with a question, here with the same.
        const steer = round === ANSWERED ? { steer: FOLLOW_UP } : {};
        await (await stand.start({ fork: { session: ORIGINAL, round }, ...steer }, id)).result();
        const trajectory = await trajectoryOf(stand.client.workflow.getHandle(id));
        const [first] = await stand.requests(id);
        forks.push({ round, trajectory, first, effects: stand.effects(id) });
      }),
    );
    after = textOf(await stand.histories(original));
  });

  test('contract 6, fork determinism: it asks what the original asked next, and leaves the original alone', () => {
    const breaches = forks.map(({ round, first }) => {
      // After five rounds the summary was asked for.
      const next = requests[round > 5 ? round + 1 : round] ?? [];
      return { round, breaches: forkBreaches({ first, originalAfter: after }, { next, before }) };
    });
    expect(breaches.filter((entry) => entry.breaches.length > 0)).toEqual([]);
  });

  test('contracts 2 and 3: its files are those of its round, and only what comes after takes effect', () => {
    for (const { round, trajectory, effects } of forks) {
      expect(recoveryBreaches(trajectory, undisturbed), `round ${round}`).toEqual([]);
      const later = [2, 3, 6].flatMap((at, index) => (at > round ? [EFFECTS[index] as string] : []));
      expect(effectBreaches(effects, later), `round ${round}`).toEqual([]);
    }
  });
});

describe('with a reset to each workflow task', () => {
  test('contracts 3 and 4: what people said before is kept and used once, and the files are as they were', {
    timeout: 240_000,
  }, async () => {
    const met = new Set<number>();
    const breaches: unknown[] = [];
    const lanes = Array.from({ length: RESET_SESSIONS }, async (_, lane) => {
      const id = `reset-${lane}`;
      const session = await stand.start(RICH, id);
      await session.result();
      const chain = await stand.histories(session);
      const points = chain.flatMap((history, run) =>
        eventsOf(history).flatMap(({ eventId, workflowTaskCompletedEventAttributes: completed }) =>
          completed ? [{ run, eventId }] : [],
        ),
      );
      for (const [index, { run, eventId }] of points.entries()) {
        if (index % RESET_SESSIONS !== lane) continue;
        people.forget(id);
        await stand.client.workflowService.resetWorkflowExecution({
          namespace: 'default',
          workflowExecution: { workflowId: id, runId: runIdOf(session, chain, run) },
          workflowTaskFinishEventId: eventId,
          requestId: `${id}-${index}`,
          // Else what people said later, such as \`finish\`, is said again at once.
          resetReapplyExcludeTypes: [WITHOUT_UPDATES],
          reason: 'test',
        });
        await stand.client.workflow.getHandle(id).result();
        const trajectory = await trajectoryOf(stand.client.workflow.getHandle(id));
        const found = [...consumptionBreaches(trajectory), ...recoveryBreaches(trajectory, undisturbed)];
        if (found.length > 0) breaches.push({ run, event: String(eventId), found });
        met.add(index);
      }
    });
    await Promise.all(lanes);
    console.log(`${met.size} points`);
    expect(met.size).toBeGreaterThan(20);
    expect(breaches).toEqual([]);
  });
});

const runIdOf = (session: SessionHandle, chain: History[], run: number): string | undefined =>
  run === 0
    ? session.firstExecutionRunId
    : (chain[run - 1]?.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined);
