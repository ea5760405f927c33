import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { QUERY } from '../../protocol/names.ts';
import type { ResearchResult } from '../../protocol/result.ts';
import type { TrajectoryPage } from '../../protocol/trajectory.ts';
import { sha256Of } from '../../store/blobs.ts';
import {
  eventually,
  openSessions,
  played,
  type SessionHandle,
  type Sessions,
  START_LIMIT_MS,
  statusOf,
} from '../support/sessions.ts';

let sessions: Sessions;
const folders: string[] = [];
const folder = (name: string) => {
  const path = mkdtempSync(join(tmpdir(), `${name}-`));
  folders.push(path);
  return path;
};

beforeAll(async () => {
  sessions = await openSessions();
}, START_LIMIT_MS);

afterAll(async () => {
  await sessions?.close();
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

const bash = (command: string) => ({ name: 'bash', arguments: { command } });

/** A host with a state folder of its own; the store is the one of all. */
async function host(store: string) {
  const stateDir = folder('host');
  const env = {
    DEEP_RESEARCH_STATE_DIR: stateDir,
    DEEP_RESEARCH_STORE_DIR: store,
    DEEP_RESEARCH_HOST_LOST_SECONDS: '3',
  };
  const worker = await sessions.work(env);
  return {
    stateDir,
    workspaces: () => (existsSync(join(stateDir, 'workspaces')) ? readdirSync(join(stateDir, 'workspaces')) : []),
    /** As a machine that burns. */
    async lose() {
      await worker.kill();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

const runs = (session: SessionHandle, id: string) =>
  eventually(`${id} runs`, async () => {
    const [call] = (await statusOf(session)).calls;
    return call?.id === id && call.state === 'running';
  });

async function resultsOf(session: SessionHandle): Promise<string[]> {
  const { segments } = await session.query<TrajectoryPage, []>(QUERY.trajectory);
  return segments.flatMap(({ rounds }) => rounds.flatMap(({ calls }) => calls.map(({ result = '' }) => result)));
}

test('a host that is lost in the middle of a command: the workspace comes back on another, each effect once', {
  timeout: 300_000,
}, async () => {
  const store = folder('store');
  // Outside of the workspace, for effects that a lost folder does not undo.
  const effects = join(folder('effects'), 'log');
  const script = [
    bash(`mkdir -p data; echo one >> data/lines.txt; ln -s data/lines.txt latest; echo one >> ${effects}`),
    bash('echo two >> data/lines.txt; chmod 700 data/lines.txt'),
    bash(`echo lost >> data/lines.txt; echo three >> ${effects}; sleep 600`),
    bash(`echo four >> latest; echo four >> ${effects}; stat -c %a data/lines.txt`),
  ];
  const first = await host(store);
  const session = await sessions.start(played({ script }, { tools: ['bash', 'parse_file'] }), `lost-${randomUUID()}`);
  await runs(session, 'r3c1');
  await eventually('the command has begun', () => readFileSync(effects, 'utf8').includes('three'));
  const second = await host(store);
  await first.lose();

  const result: ResearchResult = await session.result();
  const [, , third, fourth] = await resultsOf(session);
  expect(third).toMatch(/The machine that ran this call was lost, and the outcome is unknown/);
  expect(fourth).toBe('700');
  expect(readFileSync(effects, 'utf8').split('\n')).toEqual(['one', 'three', 'four', '']);
  const lines = 'one\ntwo\nfour\n';
  expect(result.artifacts).toEqual([
    { name: 'data/lines.txt', bytes: lines.length, type: 'text/plain', sha256: sha256Of(lines) },
  ]);
  expect(second.workspaces()).toEqual([]);
  await second.lose();
});
