import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Docker from 'dockerode';
import { writeRootFileSystem } from './image.ts';

export const TEST_IMAGE = 'deep-research-test:1';

export interface TestDocker {
  docker: Docker;
  /** For `DOCKER_HOST`; already set for this process. */
  host: string;
  /** Ends the daemon with this signal; it comes up again, and is waited for. */
  restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  close(): Promise<void>;
}

const KEEPER = fileURLToPath(new URL('keep-dockerd.sh', import.meta.url));
const START_LIMIT_MS = 120_000;

/**
 * A Docker daemon of this test's own with the image of the tests, for a test file's `beforeAll`. It runs in namespaces
 * of mounts and processes of its own: with its first process all its containers and mounts are gone.
 * Throws a sentence where there is no Docker; these tests are never skipped.
 */
export async function startDocker({ flags = [] }: { flags?: string[] } = {}): Promise<TestDocker> {
  // Where Debian has the daemon, and not every user's path leads.
  process.env.PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
  for (const [program, place] of [
    ['dockerd', 'docker.io'],
    ['containerd', 'containerd'],
    ['runc', 'runc'],
    ['unshare', 'util-linux'],
  ] as const) {
    if (spawnSync(program, ['--version']).error) {
      throw new Error(`The tests of containers need ${program}: install the package ${place} (.ci/run does).`);
    }
  }
  if (process.getuid?.() !== 0) throw new Error('The tests of containers start a Docker daemon, which takes root.');
  const folder = mkdtempSync(join(tmpdir(), 'dockerd-'));
  const host = `unix://${folder}/docker.sock`;
  mkdirSync(join(folder, 'data'));
  const keeper = spawn(
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'bash', KEEPER, folder, ...flags],
    {
      stdio: 'ignore',
      detached: true,
    },
  );
  const before = process.env.DOCKER_HOST;
  process.env.DOCKER_HOST = host;
  const docker = new Docker();
  const close = async () => {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
    keeper.kill('SIGKILL');
    if (isUp(keeper)) await once(keeper, 'exit');
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  const answers = async () => {
    for (const until = Date.now() + START_LIMIT_MS; ; await sleep(50)) {
      if (await docker.ping().then(Boolean, () => false)) return;
      if (isUp(keeper) && Date.now() < until) continue;
      throw new Error(`dockerd did not start:\n${readFileSync(join(folder, 'log'), 'utf8').slice(-3000)}`);
    }
  };
  try {
    await answers();
    await importImage(docker, folder);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    docker,
    host,
    close,
    async restart(signal) {
      const pid = daemonPid(folder);
      process.kill(pid, signal);
      while (daemonPid(folder, pid) === pid) await sleep(20);
      await answers();
    },
  };
}

const isUp = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;

/** The daemon's number as this process sees it: it writes down the one in its own namespace. */
function daemonPid(folder: string, otherwise = 0): number {
  const found = spawnSync('pgrep', ['-xf', `dockerd .*--data-root ${folder}/data.*`], { encoding: 'utf8' }).stdout;
  return Number(found.trim().split('\n')[0]) || otherwise;
}

async function importImage(docker: Docker, folder: string): Promise<void> {
  // One for all files of a run.
  const archive = join(dirname(folder), 'root-file-system.tar');
  if (!existsSync(archive)) writeRootFileSystem(archive);
  const [repo, tag] = TEST_IMAGE.split(':');
  const progress = await docker.importImage(createReadStream(archive), { repo, tag });
  progress.resume();
  await once(progress, 'end');
  await docker.getImage(TEST_IMAGE).inspect();
}
