import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DeepResearchClient } from '../../client/index.ts';
import { type DevServer, startDevServer } from '../../local/temporal/dev-server.ts';
import { findTemporalCli } from '../../local/temporal/find-cli.ts';
import type { Message } from '../../protocol/messages.ts';
import { QUERY, UPDATE, WORKFLOW } from '../../protocol/names.ts';
import { type TrajectoryCursor, type TrajectoryPage, wholeTrajectory } from '../../protocol/trajectory.ts';
import {
  eventually,
  modelCalls,
  openSessions,
  played,
  type SessionHandle,
  type Sessions,
  START_LIMIT_MS,
  statusOf,
} from '../support/sessions.ts';

const bash = (command: string) => ({ name: 'bash', arguments: { command } });
const trajectory = (session: Pick<SessionHandle, 'query'>) =>
  wholeTrajectory((cursor) => session.query<TrajectoryPage, [TrajectoryCursor]>(QUERY.trajectory, cursor));
const steer = (session: SessionHandle, text: string): Promise<string> =>
  session.executeUpdate<void, [string]>(UPDATE.steer, { args: [text] }).then(
    () => 'taken',
    (error: Error) => (error.cause as Error | undefined)?.message ?? error.message,
  );

/** Runs `work` for so many numbers, a few at a time: Temporal takes ten updates of a workflow at once. */
async function times(count: number, work: (number: number) => Promise<unknown>): Promise<void> {
  let next = 1;
  const lane = async () => {
    while (next <= count) await work(next++);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}

describe("with Temporal's own limits", () => {
  let sessions: Sessions;

  beforeAll(async () => {
    sessions = await openSessions({ model: { keepBodies: false, maxModelLen: 20_000_000 } });
    await sessions.work();
  }, START_LIMIT_MS);
  afterAll(() => sessions?.close());

  test('a reply of 3 MB is kept beside the history, and the session goes on with it', async () => {
    const session = await sessions.start(
      played({ rounds: 1, thinkChars: 3_000_000 }, { contextTokens: 20_000_000, tools: ['bash'] }),
    );
    expect(await session.result()).toMatchObject({ stopReason: 'no_tool_calls', rounds: 2 });
    expect((await session.describe()).historySize).toBeLessThan(300_000);
  });

  test('of a tool result of 50 MB the model gets the beginning and the end, and is told how much there was', async () => {
    const command = 'echo begun; head -c 50000000 /dev/zero | tr "\\0" x; echo; echo ended';
    const code = 'print("begun"); print("x" * 50_000_000); print("ended")';
    const session = await sessions.start(
      played({ script: [bash(command), { name: 'PythonInterpreter', arguments: { code } }] }),
    );
    expect(await session.result()).toMatchObject({ stopReason: 'no_tool_calls', rounds: 3 });
    const results = (await session.query<Message[]>('transcript')).slice(2).filter(({ role }) => role === 'user');
    expect(results).toHaveLength(2);
    for (const { content } of results) {
      expect(content).toContain('begun');
      expect(content).toContain('ended');
      expect(content.length).toBeLessThan(60_000);
    }
  });

  test('of 3,000 texts at once the model gets a hundred, the others are refused with a sentence, and the session lives', {
    timeout: 600_000,
  }, async () => {
    const session = await sessions.start(played({ script: [bash('date')] }, { approve: ['bash'] }));
    await eventually('the call waits', async () => (await statusOf(session)).state === 'approval');
    const answers = new Map<string, number>();
    await times(3_000, async (number) => {
      const answer = await steer(session, `Text ${number}.`);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    });
    expect(Object.fromEntries(answers)).toEqual({
      taken: 100,
      'steer: 100 texts wait for the model already; it takes more when it has seen them': 2_900,
    });
    await session.executeUpdate<void, [string, boolean]>(UPDATE.approve, { args: ['r1c1', true] });
    expect(await session.result()).toMatchObject({ stopReason: 'no_tool_calls', rounds: 2 });
    const notes = (await trajectory(session)).flatMap(({ rounds }) => rounds.flatMap((round) => round.notes));
    expect(new Set(notes).size).toBe(100);
    expect(notes).toHaveLength(100);
  });

  test('a session waits for days: it costs nothing meanwhile, and workers come and go', async () => {
    const fiveDays = 5 * 24 * 60 * 60;
    const session = await sessions.start({ ...played({ rounds: 0 }), keepOpenSeconds: fiveDays });
    await eventually('it is open', async () => (await statusOf(session)).state === 'open');
    const { historyLength } = await session.describe();
    await sessions.workers.at(-1)?.kill();
    await sessions.work();
    const { events } = await session.fetchHistory();
    expect(events).toHaveLength(historyLength);
    const timer = events?.find((event) => event.timerStartedEventAttributes)?.timerStartedEventAttributes;
    expect(Number(timer?.startToFireTimeout?.seconds)).toBeGreaterThan(fiveDays - 60);
    await session.executeUpdate<void, [string]>(UPDATE.ask, { args: ['And of Romania?'] });
    await eventually('it has answered', async () => (await statusOf(session)).round === 2);
    await eventually('it is open again', async () => (await statusOf(session)).state === 'open');
    await session.executeUpdate(UPDATE.finish);
    expect(await session.result()).toMatchObject({ rounds: 2 });
  });
});

describe('with a history that may have 400 events', () => {
  const folder = mkdtempSync(join(tmpdir(), 'limits-'));
  let server: DevServer;
  let sessions: Sessions;

  beforeAll(async () => {
    const { path: cli } = await findTemporalCli({ onProgress: (line) => console.log(line) });
    const dynamicConfig = {
      'limit.historyCount.suggestContinueAsNew': 60,
      'limit.historyCount.warn': 350,
      'limit.historyCount.error': 400,
    };
    server = await startDevServer({ stateDir: folder, cli, port: 0, uiPort: 0, dynamicConfig });
    sessions = await openSessions({ server });
    await sessions.work();
  }, START_LIMIT_MS);

  afterAll(async () => {
    await sessions?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a session of 60 rounds goes on in new runs and stays far below', async () => {
    const session = await sessions.start(
      played({ rounds: 60, script: [{ name: 'search', arguments: { query: 5 } }] }, { tools: ['bash'] }),
    );
    expect(await session.result()).toMatchObject({ stopReason: 'no_tool_calls', rounds: 61 });
    const runs: number[] = [];
    for await (const run of sessions.client.workflow.list({ query: `WorkflowId = '${session.workflowId}'` })) {
      runs.push(run.historyLength);
    }
    expect(runs.length).toBeGreaterThan(5);
    expect(Math.max(...runs)).toBeLessThan(120);
  });

  test('a batch whose sessions end all the time goes on in new runs, which are not refused for what happens meanwhile', async () => {
    const { question, ...input } = played({ rounds: 0 }, { tools: ['bash'] });
    const rows = Array.from({ length: 240 }, (_, index) => ({ question: `${question} ${index}` }));
    const batch = await sessions.start({ ...input, rows, window: 24 }, 'batch-in-runs', WORKFLOW.batch);
    expect(await batch.result()).toMatchObject({ state: 'done', totals: { success: 240 } });
    let runs = 0;
    let refused = 0;
    for await (const { runId } of sessions.client.workflow.list({ query: `WorkflowId = '${batch.workflowId}'` })) {
      const { events } = await sessions.client.workflow.getHandle(batch.workflowId, runId).fetchHistory();
      runs += 1;
      // Something happened while the next run was asked for: a worker replays this one from its start.
      refused += events?.filter((event) => event.workflowTaskFailedEventAttributes).length ?? 0;
    }
    expect(runs).toBeGreaterThan(7);
    expect(refused).toBeLessThan(2);
  });

  test('a text that is sent again after a new run has begun is taken once', async () => {
    const session = await sessions.start(played({ rounds: 2, replyDelayMs: 300 }, { tools: ['bash'] }));
    await eventually('it can be paused', () => session.executeUpdate(UPDATE.pause).then(() => true));
    const say = (text: string) =>
      session.executeUpdate<void, [string]>(UPDATE.steer, { args: [text], updateId: text.replaceAll(' ', '-') });
    await eventually('it is paused between rounds', async () => (await statusOf(session)).state === 'paused');
    await say('Mind the first lamp.');
    let filling = 0;
    await eventually('a new run has begun', async () => {
      filling += 1;
      await say(`Lamp ${filling}.`);
      return (await session.describe()).runId !== session.firstExecutionRunId;
    });
    await say('Mind the first lamp.');
    await session.executeUpdate(UPDATE.resume);
    await session.result();
    const notes = (await trajectory(sessions.client.workflow.getHandle(session.workflowId))).flatMap(({ rounds }) =>
      rounds.flatMap((round) => round.notes),
    );
    expect(notes.filter((note) => note.includes('Mind the first lamp.'))).toHaveLength(1);
    expect(notes).toHaveLength(filling + 1);
  });

  test('one that people fill within a round, where it cannot go on anew, is ended by the server, and the client says so', async () => {
    const session = await sessions.start(played({ rounds: 1, replyDelayMs: 120_000 }, { tools: ['bash'] }));
    await eventually('the model is asked', () => modelCalls(sessions).some(({ endedAt }) => endedAt === undefined));
    // One after another, so that each has a workflow task of its own.
    for (let number = 1; number <= 100; number += 1) await steer(session, `Text ${number}.`);
    await eventually('it is over', async () => (await session.describe()).status.name === 'TERMINATED');
    const client = new DeepResearchClient({ client: sessions.client, taskQueue: sessions.taskQueue });
    await expect((await client.attach(session.workflowId)).result()).rejects.toThrow(/history .*limit/i);
  });
});
