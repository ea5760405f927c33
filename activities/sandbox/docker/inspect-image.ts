import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Language } from '../sandbox.ts';
import { openBox } from './box.ts';
import { openContainers } from './containers.ts';
import { type Docker, dockerAddress, reasonOf, startDetached, statusOf } from './engine.ts';
import { boxesPath } from './folders.ts';
import type { DockerSettings } from './settings.ts';

export interface ImageFacts {
  languages: Language[];
  /** Sentences about what does not hold here. */
  warnings: string[];
}

/** Programs that the runner needs beside bash. */
const TOOLS = 'setsid nice tee wc tail stat du find chmod mkdir cp';

const LOOK = `for tool in ${TOOLS}; do type "$tool" >/dev/null 2>&1 || echo "missing $tool"; done >facts
if type python3 >/dev/null 2>&1 && python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))'; then
  echo python >>facts
fi
echo . >>facts`;

/** Python can take seconds on a cold disk. In ms. */
const LIMIT_MS = 60_000;

const known = new Map<string, Promise<ImageFacts>>();

/**
 * What can be run in containers as they are configured, found out by making one. Throws an error of one sentence that
 * names what to mend. What was found is remembered for as long as the process lives.
 */
export function inspectImage(docker: Docker, settings: DockerSettings, stateDir: string): Promise<ImageFacts> {
  const key = JSON.stringify([settings, stateDir]);
  const looking = known.get(key) ?? look(docker, settings, stateDir);
  known.set(key, looking);
  looking.catch(() => known.delete(key));
  return looking;
}

async function look(docker: Docker, settings: DockerSettings, stateDir: string): Promise<ImageFacts> {
  const warnings = await checkDaemon(docker, settings);
  const name = `probe-${randomUUID()}`;
  const boxes = boxesPath(stateDir, name);
  const folder = join(boxes, 'look');
  const containers = openContainers(docker, stateDir, settings);
  try {
    mkdirSync(folder, { recursive: true });
    const { id } = await containers.ensure({ name, folder });
    const exec = await docker.getContainer(id).exec({ Cmd: ['bash', '-c', LOOK] });
    await startDetached(exec);
    const until = performance.now() + LIMIT_MS;
    while ((await exec.inspect()).Running && performance.now() < until) await sleep(20);
    const facts = factsIn(folder);
    if (!facts) throw new Error(UNSEEN(stateDir));
    const missing = facts.flatMap((line) => /^missing (.*)/.exec(line)?.[1] ?? []);
    if (missing.length > 0) {
      throw new Error(`DEEP_RESEARCH_SANDBOX_IMAGE: the image "${settings.image}" lacks ${missing.join(', ')}.`);
    }
    return { languages: facts.includes('python') ? ['bash', 'python'] : ['bash'], warnings };
  } catch (error) {
    if (statusOf(error) === undefined) throw error;
    const why = reasonOf(error);
    if (/bind source path does not exist/.test(why)) throw new Error(UNSEEN(stateDir), { cause: error });
    if (/exec: "bash"/.test(why)) {
      throw new Error(`DEEP_RESEARCH_SANDBOX_IMAGE: the image "${settings.image}" has no bash.`, { cause: error });
    }
    throw new Error(`SANDBOX_MODE: Docker refused a container: ${why}`, { cause: error });
  } finally {
    await containers.remove(name).catch(() => {});
    rmSync(boxes, { recursive: true, force: true });
  }
}

const UNSEEN = (stateDir: string) =>
  `DEEP_RESEARCH_SANDBOX_HOST_STATE_DIR: containers do not see the state folder ${stateDir}; name it as Docker's machine does.`;

function factsIn(folder: string): string[] | undefined {
  const box = openBox(folder);
  const lines = box?.read('facts')?.split('\n');
  box?.close();
  return lines?.includes('.') ? lines : undefined;
}

interface Info {
  MemoryLimit?: boolean;
  PidsLimit?: boolean;
  CpuCfsQuota?: boolean;
  Runtimes?: Record<string, unknown>;
  SecurityOptions?: string[];
}

/** Throws a sentence about what is not there. */
async function checkDaemon(docker: Docker, { image, runtime, network }: DockerSettings): Promise<string[]> {
  let info: Info;
  try {
    info = (await docker.info()) as Info;
  } catch (error) {
    const why = reasonOf(error);
    const mend = /EACCES|EPERM/.test(why)
      ? 'let this user use it (group docker, or rootless Docker)'
      : 'start it, or name its address in DOCKER_HOST';
    throw new Error(
      `SANDBOX_MODE: no Docker answers at ${dockerAddress()} (${why}); ${mend}. SANDBOX_MODE=subprocess needs none, for trying out.`,
      { cause: error },
    );
  }
  if (info.SecurityOptions?.some((option) => option.includes('name=userns'))) {
    throw new Error(
      'SANDBOX_MODE: Docker maps users to others (userns-remap), so that containers could not use the workspaces; use a daemon without it, or rootless Docker.',
    );
  }
  const { Runtimes: runtimes = {} } = info;
  if (runtime && !(runtime in runtimes)) {
    throw new Error(
      `DEEP_RESEARCH_SANDBOX_RUNTIME: Docker has no runtime "${runtime}"; it has ${Object.keys(runtimes).join(', ')}.`,
    );
  }
  await there(docker.getImage(image).inspect(), () => {
    return `DEEP_RESEARCH_SANDBOX_IMAGE: Docker has no image "${image}"; build it with \`docker build -t ${image} sandbox\`, or pull it.`;
  });
  if (network !== 'none') {
    await there(docker.getNetwork(network).inspect(), () => {
      return `DEEP_RESEARCH_SANDBOX_NETWORK: Docker has no network "${network}".`;
    });
  }
  const limits = [
    ['memory', info.MemoryLimit],
    ['processes', info.PidsLimit],
    ['processor time', info.CpuCfsQuota],
  ] as const;
  const loose = limits.flatMap(([what, held]) => (held === false ? [what] : []));
  if (loose.length === 0) return [];
  return [`SANDBOX_MODE: Docker cannot limit ${loose.join(', ')} of containers on this machine (cgroups).`];
}

async function there(looked: Promise<unknown>, sentence: () => string): Promise<void> {
  try {
    await looked;
  } catch (error) {
    throw statusOf(error) === 404 ? new Error(sentence(), { cause: error }) : error;
  }
}
