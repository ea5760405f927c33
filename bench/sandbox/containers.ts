import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { dockerSandbox } from '../../activities/sandbox/docker/docker-sandbox.ts';
import { containerName } from '../../activities/sandbox/docker/labels.ts';
import { DEFAULT_DOCKER, type DockerSettings } from '../../activities/sandbox/docker/settings.ts';
import { subprocessSandbox } from '../../activities/sandbox/subprocess-sandbox.ts';
import { ensureWorkspace } from '../../activities/workspace/workspace.ts';
import { startDocker, TEST_IMAGE } from '../../test/support/docker/daemon.ts';

export interface Figures {
  name: string;
  milliseconds: number[];
  /** A second, where several ran at once. */
  atOnce?: number;
}

export interface Measure {
  /** Default: the tests' image in a daemon of its own. */
  settings?: DockerSettings;
  starts: number;
  calls: number;
}

const run = promisify(execFile);
const SCRIPT = 'echo hello';
const AT_ONCE = 4;

/** Each way in turn, so that what slows the machine for a while slows all. */
export async function measureContainers({ settings: given, starts, calls }: Measure): Promise<Figures[]> {
  const own = given ? undefined : await startDocker();
  const settings = given ?? { ...DEFAULT_DOCKER, image: TEST_IMAGE };
  const stateDir = mkdtempSync(join(tmpdir(), 'bench-sandbox-'));
  const sandbox = dockerSandbox({ stateDir, settings });
  const processes = subprocessSandbox({ stateDir: `${stateDir}-processes` });
  const used = new Set<string>();
  try {
    await sandbox.supports('bash');
    const docker = new Docker();
    const command = async (workspace: string, at: number, of = sandbox) => {
      const asked = { callId: `r${at}c1`, workspace, language: 'bash' as const, script: SCRIPT };
      const outcome = await of.run(asked, { signal: new AbortController().signal, stopMeansKill: () => true });
      if (outcome.stdout !== 'hello\n') throw new Error(`A command failed: ${JSON.stringify(outcome)}`);
    };
    const place = async (name: string) => {
      const workspace = await ensureWorkspace(stateDir, name);
      used.add(workspace);
      return workspace;
    };

    const first: Contestant[] = [
      {
        name: "first command of a session: its container's start to the output",
        run: async (at) => command(await place(`s${at}`), 1),
      },
      {
        name: 'the same with `docker run --network none`',
        run: () => run('docker', ['run', '--rm', '--network', 'none', settings.image, 'bash', '-c', SCRIPT]),
      },
    ];
    const workspace = await place('warm');
    await command(workspace, 0);
    const container = containerName(stateDir, 'warm');
    const processFolder = await ensureWorkspace(`${stateDir}-processes`, 'warm');
    const warm: Contestant[] = [
      { name: 'command in a warm container', run: (at) => command(workspace, at + 1) },
      { name: 'the same with `docker exec`', run: () => run('docker', ['exec', container, 'bash', '-c', SCRIPT]) },
      { name: "the same through Docker's API", run: () => execAttached(docker, container) },
      { name: 'the same as a process (subprocess mode)', run: (at) => command(processFolder, at + 1, processes) },
    ];
    const figures = [...(await inTurn(first, starts)), ...(await inTurn(warm, calls))];
    let at = 1000;
    const lanes = await Promise.all(Array.from({ length: AT_ONCE }, (_, lane) => place(`lane${lane}`)));
    await Promise.all(lanes.map((lane) => command(lane, at++)));
    for (const [name, once] of [
      [`commands in ${AT_ONCE} warm containers at once`, (lane: string) => command(lane, at++)],
      [
        'the same with `docker exec`',
        (lane: string) =>
          run('docker', ['exec', containerName(stateDir, lane.split('/').at(-1)!), 'bash', '-c', SCRIPT]),
      ],
    ] as const) {
      const times: number[] = [];
      const began = performance.now();
      await Promise.all(
        lanes.map(async (lane) => {
          for (let call = 0; call < calls / 2; call++) times.push(await timed(() => once(lane)));
        }),
      );
      figures.push({ name, milliseconds: times, atOnce: (1000 * times.length) / (performance.now() - began) });
    }
    return figures;
  } finally {
    for (const workspace of used) await sandbox.end?.(workspace).catch(() => {});
    await own?.close();
    for (const folder of [stateDir, `${stateDir}-processes`]) rmSync(folder, { recursive: true, force: true });
  }
}

interface Contestant {
  name: string;
  run(at: number): Promise<unknown>;
}

async function inTurn(contestants: Contestant[], times: number): Promise<Figures[]> {
  const figures = contestants.map(({ name }) => ({ name, milliseconds: [] as number[] }));
  for (let at = 0; at < times; at++) {
    for (const [index, contestant] of contestants.entries()) {
      figures[index]!.milliseconds.push(await timed(() => contestant.run(at)));
    }
  }
  return figures;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Waits for the output, as a program without a command line does. */
async function execAttached(docker: Docker, container: string): Promise<void> {
  const exec = await docker.getContainer(container).exec({ Cmd: ['bash', '-c', SCRIPT], AttachStdout: true });
  const stream = await exec.start({});
  stream.resume();
  await new Promise((resolve) => stream.on('end', resolve));
  await exec.inspect();
}
