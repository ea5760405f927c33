import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import {
  type Client,
  QueryNotRegisteredError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, RetryState, TerminatedFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { connectTemporal, taskQueueFrom } from '../../client/connect.ts';
import { ServerUnreachable } from '../../client/errors.ts';
import { DeepResearchClient } from '../../client/index.ts';
import { sessionSlug } from '../../client/slug.ts';
import { aResult, aRound, aSegment } from './client-fixtures.ts';

type Handle = Record<string, (...args: never[]) => unknown>;

/** A Temporal client whose handle does what a test says; records what is started. */
function fakeTemporal(handle: Handle = {}, start: () => unknown = () => ({ firstExecutionRunId: 'run' })) {
  const started: [string, Record<string, unknown>][] = [];
  const describe = () => ({
    type: 'deepResearch',
    status: { name: 'RUNNING' },
    runId: 'run',
    historyLength: 3,
    startTime: new Date(0),
    raw: {},
  });
  const client = {
    withDeadline: (_: number, work: () => unknown) => work(),
    withAbortSignal: (_: AbortSignal, work: () => unknown) => work(),
    options: { namespace: 'default' },
    workflow: {
      getHandle: () => ({ describe, ...handle }),
      start: async (type: string, options: Record<string, unknown>) => {
        started.push([type, options]);
        return start();
      },
    },
  };
  return { research: new DeepResearchClient({ client: client as unknown as Client, taskQueue: 'queue' }), started };
}

const grpcError = (code: number, details: string) =>
  new ServiceError('Failed', {
    cause: Object.assign(new Error(`${code} ${details}`), { code, details, metadata: {} }),
  });

const throwing = (error: Error) => () => {
  throw error;
};

test('start sends the input as it was given, under a readable id', async () => {
  const { research, started } = fakeTemporal();
  const input = { question: 'What is the default of bodyTimeout?', maxRounds: 3 };
  const session = await research.start(input, { priority: 2 });
  expect(session.id).toMatch(/^default-bodytimeout-[0-9a-f]{6}$/);
  expect(session.runId).toBe('run');
  expect(started).toEqual([
    [
      'deepResearch',
      {
        workflowId: session.id,
        taskQueue: 'queue',
        args: [input],
        staticSummary: input.question,
        priority: { priorityKey: 2 },
      },
    ],
  ]);
});

test('bad input is refused before anything is sent, an id in use by name', async () => {
  const { research, started } = fakeTemporal(
    {},
    throwing(new WorkflowExecutionAlreadyStartedError('x', 'mine', 'deepResearch')),
  );
  await expect(research.start({ question: 'q', maxRounds: 0 })).rejects.toThrow(/^Invalid input: maxRounds/);
  expect(started).toHaveLength(0);
  await expect(research.start('q', { id: 'mine' })).rejects.toThrow(/"mine" runs already/);
});

test.each([
  ['Which of the timeouts limits the body?', 'timeouts-limits-body'],
  ['正文超时的默认值是多少？', '正文超时的默认值是多少'],
  ['What is it?', 'what-is-it'],
  ['???', 'research'],
  ['a'.repeat(100), 'a'.repeat(40)],
])('the id of %j begins with %s', (question, slug) => {
  expect(sessionSlug(question)).toBe(slug);
});

test.each([
  [
    'no such session',
    new WorkflowNotFoundError('not found', 'mine', undefined),
    'SessionNotFound',
    /no session "mine"/,
  ],
  ['a server that is away', grpcError(14, 'connection refused'), 'ServerUnreachable', /connection refused/],
  [
    'no worker in time',
    grpcError(4, 'deadline'),
    'WorkerMissing',
    /No worker answered the query `status`.*npm run worker/,
  ],
  [
    'no poller',
    grpcError(9, 'no poller seen for task queue recently, worker may be down'),
    'WorkerMissing',
    /No worker/,
  ],
  ['no such query', new QueryNotRegisteredError('unknown', 3), 'RequestRefused', /ended before it had begun/],
])('status says of %s what is wrong', async (_, error, name, message) => {
  const { research } = fakeTemporal({ query: throwing(error) });
  const session = await research.attach('mine');
  await expect(session.status()).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
});

test.each([
  [
    'a validator',
    new WorkflowUpdateFailedError('failed', new Error('steer: only blanks')),
    'RequestRefused',
    /^steer: only blanks$/,
  ],
  [
    'an ended session',
    new WorkflowNotFoundError('workflow execution already completed', 'mine', undefined),
    'RequestRefused',
    /ended already/,
  ],
  [
    'a missing worker',
    new WorkflowUpdateRPCTimeoutOrCancelledError('late'),
    'WorkerMissing',
    /took up the update `steer`/,
  ],
])('an update refused by %s says so', async (_, error, name, message) => {
  const { research } = fakeTemporal({ executeUpdate: throwing(error) });
  const session = await research.attach('mine');
  await expect(session.steer(' ')).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
});

const failedWith = (cause: Error) =>
  new WorkflowFailedError('Workflow execution failed', cause, RetryState.NON_RETRYABLE_FAILURE);

test.each([
  [
    'failed',
    failedWith(
      ApplicationFailure.create({
        message: 'outer',
        cause: ApplicationFailure.nonRetryable('no such model', 'ModelRejected'),
      }),
    ),
    { kind: 'failed', message: 'no such model', type: 'ModelRejected' },
  ],
  ['cancelled', failedWith(new CancelledFailure('Workflow canceled')), { kind: 'cancelled' }],
  [
    'terminated',
    failedWith(new TerminatedFailure('by hand')),
    { kind: 'terminated', message: expect.stringContaining('by hand') },
  ],
])('the result of a session that was %s is its plain cause', async (_, error, expected) => {
  const { research } = fakeTemporal({ result: throwing(error) });
  const session = await research.attach('mine');
  await expect(session.result()).rejects.toMatchObject({ name: 'ResearchFailed', ...expected });
});

test('the result is waited for while the server is away', async () => {
  let asked = 0;
  const { research } = fakeTemporal({
    result: () => {
      asked += 1;
      if (asked === 1) throw grpcError(14, 'connection refused');
      return aResult();
    },
  });
  expect(await (await research.attach('mine')).result()).toEqual(aResult());
}, 300_000);

test('the trajectory is read page by page, a segment cut in two made whole', async () => {
  const pages: Record<string, unknown> = {
    '0/0': { segments: [aSegment([aRound(1)])], next: { segment: 0, round: 1 } },
    '0/1': { segments: [aSegment([aRound(2)], { stopReason: 'discard_all_01' })], next: { segment: 1, round: 0 } },
    '1/0': { segments: [aSegment([aRound(3)], { index: 1 })] },
  };
  const query = (_: string, cursor: { segment: number; round: number }) => pages[`${cursor.segment}/${cursor.round}`];
  const session = await fakeTemporal({ query: query as Handle[string] }).research.attach('mine');
  expect(await session.trajectory()).toEqual([
    aSegment([aRound(1), aRound(2)], { stopReason: 'discard_all_01' }),
    aSegment([aRound(3)], { index: 1 }),
  ]);
});

test('a server that is not there is named with its address', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.close();
  await once(server, 'close');
  const connecting = connectTemporal({ env: { TEMPORAL_ADDRESS: address }, timeoutMs: 500 });
  await expect(connecting).rejects.toThrow(ServerUnreachable);
  await expect(connecting).rejects.toThrow(`No Temporal server answers at ${address}. Start one with`);
});

test.each([
  [{}, 'deep-research'],
  [{ TEMPORAL_TASK_QUEUE: 'other' }, 'other'],
])('the task queue of %j is %s', (env, queue) => {
  expect(taskQueueFrom(env)).toBe(queue);
});
