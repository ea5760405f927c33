import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DeepResearchClient } from '../../client/index.ts';
import { type DevServer, startDevServer } from '../../local/temporal/dev-server.ts';
import { findTemporalCli } from '../../local/temporal/find-cli.ts';
import { UPDATE } from '../../protocol/names.ts';
import { runDeepResearch, runProgram } from '../support/run-program.ts';
import {
  eventually,
  openSessions,
  played,
  type SessionHandle,
  type Sessions,
  START_LIMIT_MS,
  statusOf,
} from '../support/sessions.ts';

const folder = mkdtempSync(join(tmpdir(), 'deployments-'));
const DEPLOYMENT = 'research';
const LIMIT_MS = 300_000;
let server: DevServer;
let sessions: Sessions;
let client: DeepResearchClient;

beforeAll(async () => {
  const { path: cli } = await findTemporalCli({ onProgress: (line) => console.log(line) });
  server = await startDevServer({
    stateDir: folder,
    cli,
    port: 0,
    uiPort: 0,
    dynamicConfig: {
      // New runs are pinned as well.
      'limit.historyCount.suggestContinueAsNew': 60,
      // Seconds; by default the server looks every three minutes.
      'matching.wv.VersionDrainageStatusVisibilityGracePeriod': 1,
      'matching.wv.VersionDrainageStatusRefreshInterval': 1,
    },
  });
  sessions = await openSessions({ server });
  client = new DeepResearchClient({ client: sessions.client, taskQueue: sessions.taskQueue });
}, START_LIMIT_MS);

afterAll(async () => {
  await sessions?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const version = (buildId: string) =>
  sessions.work({ DEEP_RESEARCH_DEPLOYMENT: DEPLOYMENT, DEEP_RESEARCH_BUILD_ID: buildId });
const deepResearch = (...args: string[]) => runDeepResearch(args, sessions.env);

/** The server hears of a new version with its first poll. */
const rollOut = (buildId: string) =>
  eventually(`${buildId} is the current version`, async () => {
    const { out, err, code } = await deepResearch('rollout', buildId, '--deployment', DEPLOYMENT);
    if (code !== 0) throw new Error(err);
    expect(out).toContain(`New sessions begin on ${buildId}.\n`);
    return true;
  });
const stateOf = async (buildId: string) =>
  (await client.deployments.versions(DEPLOYMENT)).find((one) => one.buildId === buildId)?.state;

/** The versions that workflow tasks of a session ran on, over all its runs. */
async function versionsOf({ workflowId, firstExecutionRunId }: SessionHandle): Promise<string[]> {
  const builds = new Set<string>();
  for (let runId: string | null | undefined = firstExecutionRunId; runId; ) {
    const { events } = await sessions.client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const { workflowTaskCompletedEventAttributes: done } of events ?? []) {
      if (done) builds.add(done.deploymentVersion?.buildId ?? done.workerDeploymentVersion ?? 'none');
    }
    runId = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return [...builds];
}

/** A session that has begun and rests. */
async function paused(): Promise<SessionHandle> {
  const session = await sessions.start(played({ rounds: 10, replyDelayMs: 300 }, { tools: ['bash'] }));
  await eventually('the session is at work', async () => (await statusOf(session)).round >= 2);
  await session.executeUpdate(UPDATE.pause);
  return session;
}

test('sessions end on the version they began on, while new ones begin on the next', { timeout: LIMIT_MS }, async () => {
  await version('a');
  await rollOut('a');
  const old = await paused();
  // Asked before a new version takes over: does its code go on with what is open?
  const checked = await deepResearch(
    'replay',
    '--query',
    `TaskQueue = '${sessions.taskQueue}' AND ExecutionStatus = 'Running'`,
  );
  expect(checked).toMatchObject({ out: expect.stringContaining(`replays  ${old.workflowId}\n`), code: 0 });

  await version('b');
  await rollOut('b');
  const fresh = await sessions.start(played({ rounds: 2 }, { tools: ['bash'] }));
  await fresh.result();
  expect(await stateOf('a')).toBe('draining');
  expect(await stateOf('b')).toBe('current');
  let drained = false;
  const waiting = deepResearch('rollout', 'b', '--deployment', DEPLOYMENT, '--wait').finally(() => {
    drained = true;
  });
  await old.executeUpdate(UPDATE.resume);
  await eventually('the session has gone on', async () => (await statusOf(old)).round >= 5);
  expect(drained).toBe(false);
  expect(await old.result()).toMatchObject({ rounds: 11 });
  const { out, code } = await waiting;
  expect(out).toContain('Sessions are open on a; leave workers of it running.\n');
  expect(out).toMatch(/^a: drained$/m);
  expect(code).toBe(0);
  expect(await versionsOf(old)).toEqual(['a']);
  expect(await versionsOf(fresh)).toEqual(['b']);
});

test('a session is moved to the current version by the command of the docs', { timeout: LIMIT_MS }, async () => {
  const moved = await paused();
  await version('c');
  await rollOut('c');
  const update = ['workflow', 'update-options', '--workflow-id', moved.workflowId, '--address', sessions.address];
  const { err, code } = await runProgram(
    sessions.cli,
    [...update, '--versioning-override-behavior', 'auto_upgrade'],
    sessions.env,
  );
  expect(err).toBe('');
  expect(code).toBe(0);
  await moved.executeUpdate(UPDATE.resume);
  expect(await moved.result()).toMatchObject({ rounds: 11, stopReason: 'no_tool_calls' });
  expect(await versionsOf(moved)).toEqual(['b', 'c']);
});
