import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LABEL } from '../../activities/sandbox/docker/labels.ts';
import { startDocker, TEST_IMAGE, type TestDocker } from '../support/docker/daemon.ts';
import { eventually, openSessions, played, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

const SESSIONS = 50;

/** A command that lasts until the test lets it go; each line shows that it ran. */
const WAIT = 'echo begun >>log; until [ -e go ]; do sleep 1; done; echo ended >>log; cat log';

let docker: TestDocker;
let sessions: Sessions;

beforeAll(async () => {
  docker = await startDocker();
  sessions = await openSessions();
}, START_LIMIT_MS);

afterAll(async () => {
  await sessions?.close();
  await docker?.close();
});

const work = () =>
  sessions.work({
    SANDBOX_MODE: 'docker',
    DOCKER_HOST: docker.host,
    DEEP_RESEARCH_SANDBOX_IMAGE: TEST_IMAGE,
    DEEP_RESEARCH_SANDBOX_MEMORY_MB: '64',
  });

const containers = () =>
  docker.docker.listContainers({ all: true, filters: { label: [`${LABEL.state}=${sessions.stateDir}`] } });

const workspaces = () => {
  const folder = join(sessions.stateDir, 'workspaces');
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
};

/** A container with the labels of a session of this worker, but for some. */
async function foreign(name: string, labels: Record<string, string>): Promise<void> {
  const [ours] = await containers();
  await docker.docker.createContainer({
    name,
    Image: TEST_IMAGE,
    Cmd: ['true'],
    Labels: { ...ours?.Labels, ...labels },
  });
}

test(`${SESSIONS} sessions at once have a container each, and none is left after SIGKILL of their worker`, {
  timeout: 560_000,
}, async () => {
  const worker = await work();
  expect(worker.output()).toContain('Sandbox: containers of deep-research-test:1; network none');
  const input = played(
    { script: [{ name: 'bash', arguments: { command: WAIT } }], answer: 'Done.' },
    { tools: ['bash'] },
  );
  const started = await Promise.all(Array.from({ length: SESSIONS }, (_, at) => sessions.start(input, `docker-${at}`)));
  const begun = () => workspaces().filter((folder) => existsSync(join(folder, 'log'))).length;
  await eventually(`${SESSIONS} commands run`, () => begun() === SESSIONS, 300_000);
  expect(await containers()).toHaveLength(SESSIONS);
  const owners = (await containers()).map(({ Labels }) => Labels[LABEL.workflow]).sort();
  expect(owners).toEqual(started.map(({ workflowId }) => workflowId).sort());

  await worker.kill();
  // What runs in containers does not end with the worker.
  expect((await containers()).filter(({ State }) => State === 'running')).toHaveLength(SESSIONS);
  await foreign('other-namespace', { [LABEL.namespace]: 'elsewhere', [LABEL.workflow]: 'gone' });
  await foreign('other-queue', { [LABEL.taskQueue]: 'elsewhere', [LABEL.workflow]: 'gone' });
  await foreign('other-state-folder', { [LABEL.state]: '/elsewhere', [LABEL.workflow]: 'gone' });
  await docker.docker.createContainer({ name: 'without-labels', Image: TEST_IMAGE, Cmd: ['true'] });

  // Two thirds end while nobody is there to clean up.
  const ended = started.filter((_, at) => at % 3 !== 0);
  const going = started.filter((_, at) => at % 3 === 0);
  await Promise.all(ended.map((session) => session.terminate('test')));
  for (const folder of workspaces()) writeFileSync(join(folder, 'go'), '');
  await work();
  const results = await Promise.all(going.map((session) => session.result()));
  for (const result of results) expect(result).toMatchObject({ answer: 'Done.', rounds: 2 });
  for (const { artifacts } of results) {
    const { sha256 = '' } = artifacts.find(({ name }) => name === 'log') ?? {};
    const text = readFileSync(join(sessions.stateDir, 'store', 'blobs', sha256.slice(0, 2), sha256), 'utf8');
    expect(text).toBe('begun\nended\n');
  }

  const names = async () => (await docker.docker.listContainers({ all: true })).flatMap(({ Names }) => Names).sort();
  await eventually('only containers of others are left', async () => (await names()).length === 4, 120_000);
  expect(await names()).toEqual(['/other-namespace', '/other-queue', '/other-state-folder', '/without-labels']);
});

test('a worker whose Docker is not there ends with one sentence', async () => {
  const starting = sessions.work({ SANDBOX_MODE: 'docker', DOCKER_HOST: 'unix:///nowhere/docker.sock' });
  await expect(starting).rejects.toThrow(
    /\nSANDBOX_MODE: no Docker answers at unix:\/\/\/nowhere\/docker\.sock \(ENOENT\); start it, or name its address in DOCKER_HOST\. SANDBOX_MODE=subprocess needs none, for trying out\.\n$/,
  );
});
