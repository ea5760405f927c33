import { realpathSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Endpoint } from '../../activities/inference/endpoint.ts';
import type { FaultInput } from '../../local/rehearsal/faults.ts';
import { type Rehearsal, type RehearsalOptions, startRehearsal } from '../../local/rehearsal/server.ts';
import type { ResearchInput } from '../../protocol/input.ts';
import { QUERY, SEARCH_ATTRIBUTE, UPDATE, WORKFLOW } from '../../protocol/names.ts';
import type { ResearchResult } from '../../protocol/result.ts';
import type { Status } from '../../protocol/status.ts';
import type { TrajectoryPage } from '../../protocol/trajectory.ts';
import { endpointsOf, type FleetWorker, startFleetWorker } from '../support/fleet-worker.ts';
import {
  eventually,
  modelCalls,
  openSessions,
  type SessionHandle,
  type Sessions,
  START_LIMIT_MS,
} from '../support/sessions.ts';

let sessions: Sessions;
const CORPUS = realpathSync('test/fixtures/corpus');
/** Long enough for a loaded machine to give a first token, and for a call that waits in a server's queue. */
const PATIENT_MS = 60_000;
/** Short enough for a test whose servers hang. */
const SILENCE_MS = 6_000;
const LIMIT_MS = 600_000;

beforeAll(async () => {
  sessions = await openSessions();
}, START_LIMIT_MS);

afterAll(() => sessions?.close());

/** Runs work with a worker whose endpoints are rehearsal models of this process. */
async function withFleet(
  options: RehearsalOptions[],
  work: (models: Rehearsal[], worker: FleetWorker, endpoints: Endpoint[]) => Promise<void>,
  silenceMs = PATIENT_MS,
): Promise<void> {
  const models = await Promise.all(options.map((each) => startRehearsal(each)));
  const { address, stateDir } = sessions;
  const endpoints = endpointsOf(models, silenceMs);
  const worker = await startFleetWorker({ address, stateDir, corpus: CORPUS, endpoints, pollMs: 250 });
  try {
    await work(models, worker, endpoints);
  } finally {
    await worker.stop();
    await Promise.all(models.map((model) => model.close()));
  }
}

const input = (index: number, rehearsal: object): ResearchInput => ({
  question: `What do lamps number ${index} show?`,
  tools: ['search'],
  model: { extraBody: { rehearsal: { answer: `Answer ${index}.`, ...rehearsal } } },
});

const startAll = (worker: FleetWorker, count: number, rehearsal: object): Promise<SessionHandle[]> =>
  Promise.all(
    Array.from({ length: count }, (_, index) =>
      sessions.client.workflow.start<(input: ResearchInput) => Promise<ResearchResult>>(WORKFLOW.session, {
        workflowId: `${worker.taskQueue}-${index}`,
        taskQueue: worker.taskQueue,
        // Hundreds of sessions in one process on a loaded machine take longer than the usual 10 s.
        workflowTaskTimeout: '60s',
        args: [input(index, rehearsal)],
      }),
    ),
  );

/** The endpoint of each round. */
async function homesOf(handle: SessionHandle): Promise<string[]> {
  const { segments } = await handle.query<TrajectoryPage>(QUERY.trajectory);
  return segments.flatMap(({ rounds }) => rounds.map(({ reply }) => reply?.endpoint ?? 'none'));
}

/** Calls by their request id, which all attempts of a call share, that were answered in full. */
function answered(models: readonly Rehearsal[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { requests } of models) {
    for (const { path, requestId, status, fault, disconnected } of requests.list()) {
      // A reply that broke goes on as a completion.
      if (!path.endsWith('/completions') || status !== 200 || fault || disconnected || !requestId) continue;
      counts.set(requestId, (counts.get(requestId) ?? 0) + 1);
    }
  }
  return counts;
}

test('200 sessions are spread over four endpoints, and each stays at its own', { timeout: LIMIT_MS }, async () => {
  await withFleet([{}, {}, {}, {}], async (models, worker) => {
    const handles = await startAll(worker, 200, { rounds: 1 });
    const results = await Promise.all(handles.map((handle) => handle.result()));
    for (const [index, { answer, rounds }] of results.entries()) {
      expect(answer).toContain(`Answer ${index}.`);
      expect(rounds).toBe(2);
    }
    const homes = await Promise.all(handles.slice(0, 40).map(homesOf));
    for (const rounds of homes) expect(new Set(rounds).size).toBe(1);

    const calls = models.map(
      ({ requests }) => requests.list().filter(({ path }) => path.endsWith('completions')).length,
    );
    const mean = calls.reduce((sum, count) => sum + count, 0) / calls.length;
    expect(mean).toBe(100);
    expect(Math.max(...calls) / mean).toBeLessThanOrEqual(1.2);
  });
});

const FAULTS: FaultInput[] = [
  { kind: 'refuse' },
  { kind: 'reset-mid-stream' },
  { kind: 'hang' },
  { kind: 'hang-mid-stream' },
  { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503 },
  { kind: 'broken-json' },
  { kind: 'cut-sse' },
  { kind: 'status', status: 400, body: { error: { message: 'This request is refused.', code: 400 } } },
];

/** With it every kind of fault is played by two servers at least in their first seventy requests. */
const SEED = 261;

test('with one in ten requests failing every session ends right, and no reply is lost or made twice', {
  timeout: LIMIT_MS,
}, async () => {
  const work = async (models: Rehearsal[], worker: FleetWorker) => {
    for (const [server, { faults }] of models.entries()) {
      for (const [kind, fault] of FAULTS.entries()) {
        faults.add({ ...fault, match: { probability: 0.1 / FAULTS.length, seed: SEED + server * 1000 + kind } });
      }
    }
    const handles = await startAll(worker, 200, { rounds: 1 });
    const ended = await settled(handles, worker);
    const played = new Set(models.flatMap(({ requests }) => requests.list().map(({ fault }) => fault)));
    for (const { kind } of FAULTS) expect(played).toContain(kind);

    let refused = 0;
    for (const [index, outcome] of ended.entries()) {
      if (typeof outcome === 'string') {
        // Refused before anything was achieved: the session fails with the cause.
        expect(outcome).toContain('This request is refused.');
        refused += 1;
        continue;
      }
      expect(outcome.answer).toContain(`Answer ${index}.`);
      expect(outcome.rounds).toBe(2);
    }
    expect(refused).toBeLessThan(20);
    const counts = answered(models);
    expect([...counts.values()].filter((count) => count !== 1)).toEqual([]);
    expect(counts.size).toBeGreaterThanOrEqual(2 * (ended.length - refused));
  };
  await withFleet([{}, {}, {}, {}], work, SILENCE_MS);
});

/** The sessions' results, or why they failed. Those that hold after a refused request are told to go on. */
async function settled(handles: SessionHandle[], { taskQueue }: FleetWorker): Promise<(ResearchResult | string)[]> {
  const open = new Set(handles);
  const results = handles.map((handle) =>
    handle
      .result()
      .catch((error) => String(error.cause?.message ?? error))
      .finally(() => open.delete(handle)),
  );
  // One look at the list instead of a query to each of 200 sessions.
  const holding = `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running' AND ${SEARCH_ATTRIBUTE.state} = 'holding'`;
  while (open.size > 0) {
    for await (const { workflowId } of sessions.client.workflow.list({ query: holding })) {
      const handle = handles.find((each) => each.workflowId === workflowId) as SessionHandle;
      const status = await handle.query<Status>(QUERY.status);
      // The list is a moment behind.
      if (status.state !== 'holding') continue;
      expect(status.hold).toContain('This request is refused.');
      await handle.executeUpdate(UPDATE.resume);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return Promise.all(results);
}

test('sessions leave an endpoint whose cache is saturated, and stay where they went', {
  timeout: LIMIT_MS,
}, async () => {
  const COUNT = 10;
  // The first has room for less than one session's prompt, and answers one request at a time.
  await withFleet([{ maxRunning: 1, cacheBlocks: 40 }, {}, {}], async (models, worker, [, ...cool]) => {
    for (const endpoint of cool) endpoint.maxConcurrent = 0;
    const handles = await startAll(worker, COUNT, { rounds: 5, replyDelayMs: 700 });
    const model = models[0] as Rehearsal;
    const begun = () => modelCalls({ model }).filter(({ messages }) => messages === 2);
    await eventually('every session has begun at the first endpoint', () => begun().length === COUNT);
    for (const endpoint of cool) delete endpoint.maxConcurrent;
    await Promise.all(handles.map((handle) => handle.result()));
    const homes = await Promise.all(handles.map(homesOf));
    // Calls that still waited in its queue were taken back and made elsewhere.
    const takenBack = begun().filter(({ disconnected }) => disconnected);
    expect(takenBack.length).toBeGreaterThan(0);
    for (const { status, completionTokens } of takenBack) expect(status ?? completionTokens).toBeUndefined();
    const moved = homes.filter((rounds) => rounds.at(-1) !== 'model-1');
    expect(moved.length).toBeGreaterThanOrEqual(COUNT / 2);
    for (const rounds of homes) {
      const moves = rounds.filter((home, index) => index > 0 && home !== rounds[index - 1]).length;
      expect(moves).toBeLessThanOrEqual(1);
    }
  });
});

test('sessions of an endpoint that dies go on at another, and come to it again when it is back', {
  timeout: LIMIT_MS,
}, async () => {
  await withFleet([{}, {}], async (models, worker) => {
    const handles = await startAll(worker, 12, { rounds: 6, replyDelayMs: 300 });
    const dying = models[0] as Rehearsal;
    while (dying.requests.list().filter(({ status }) => status === 200).length < 12) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await dying.close();
    const results = await Promise.all(handles.map((handle) => handle.result()));
    expect(results.map(({ rounds }) => rounds)).toEqual(Array(12).fill(7));
    const homes = await Promise.all(handles.map(homesOf));
    for (const rounds of homes) expect(rounds.at(-1)).toBe('model-2');

    models[0] = await startRehearsal({ port: dying.port });
    const again = models[0];
    let count = 0;
    const endsAt = Date.now() + 120_000;
    while (again.requests.list().every(({ path }) => !path.endsWith('completions')) && Date.now() < endsAt) {
      const handle = await sessions.client.workflow.start<(input: ResearchInput) => Promise<ResearchResult>>(
        WORKFLOW.session,
        {
          workflowId: `${worker.taskQueue}-later-${count}`,
          taskQueue: worker.taskQueue,
          args: [input(count, { rounds: 0 })],
        },
      );
      await handle.result();
      count += 1;
    }
    expect(again.requests.list().some(({ path }) => path.endsWith('completions'))).toBe(true);
  });
});
