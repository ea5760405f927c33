import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DeepResearchClient } from '../../client/index.ts';
import { type DevServer, startDevServer } from '../../local/temporal/dev-server.ts';
import { findTemporalCli } from '../../local/temporal/find-cli.ts';
import { UPDATE } from '../../protocol/names.ts';
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
/** The server hears of a new version with its first poll. */
const rollOut = (buildId: string) =>
  eventually(`${buildId} is the current version`, async () => {
    await client.deployments.setCurrent(DEPLOYMENT, buildId);
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

test('sessions end on the version they began on, while new ones begin on the next', async () => {
  await version('a');
  await rollOut('a');
  const old = await sessions.start(played({ rounds: 10, replyDelayMs: 300 }, { tools: ['bash'] }));
  await eventually('the session is at work', async () => (await statusOf(old)).round >= 2);
  await old.executeUpdate(UPDATE.pause);

  await version('b');
  await rollOut('b');
  const fresh = await sessions.start(played({ rounds: 2 }, { tools: ['bash'] }));
  await fresh.result();
  expect(await stateOf('a')).toBe('draining');
  expect(await stateOf('b')).toBe('current');
  await old.executeUpdate(UPDATE.resume);
  expect(await old.result()).toMatchObject({ rounds: 11 });
  expect(await versionsOf(old)).toEqual(['a']);
  expect(await versionsOf(fresh)).toEqual(['b']);
  await eventually('the old version is drained', async () => (await stateOf('a')) === 'drained');
});
