import { mkdirSync } from 'node:fs';
import { lchown, lstat, readdir, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerInspectInfo } from 'dockerode';
import type { SessionOwner } from '../sandbox.ts';
import { containerOptions, madeAs } from './container-options.ts';
import { type Docker, reasonOf, statusOf } from './engine.ts';
import { boxesPath } from './folders.ts';
import { containerName, isOurs, LABEL, ownerLabels, ownLabels } from './labels.ts';
import { containerUser, type DockerSettings } from './settings.ts';

/** A container at one of its starts: after another start nothing that ran in it is left. */
export interface Running {
  id: string;
  startedAt: string;
}

export interface Containers {
  /** The workspace's running container: the one there is, or a new one. Throws when Docker cannot make one. */
  ensure(workspace: Workspace): Promise<Running & { user: User }>;
  /** Whether that start of the container lasts. Throws when Docker does not answer. */
  isUp(running: Running): Promise<boolean>;
  /** Removes the workspace's container with all that runs in it; no fault when there is none. */
  remove(name: string): Promise<void>;
}

/** Of the commands in it. */
export interface User {
  uid: number;
  gid: number;
}

export interface Workspace {
  name: string;
  folder: string;
  owner?: SessionOwner;
}

/** Another process may have made it, or be removing it, at the same moment. */
const TRIES = 20;
const AGAIN_MS = 250;

/** From a container's creation to its start, on a loaded machine; after that its maker is taken for gone. */
const MAKING_MS = 15_000;

export function openContainers(docker: Docker, stateDir: string, settings: DockerSettings): Containers {
  /** Of each workspace; two calls at once need one container. */
  const making = new Map<string, ReturnType<Containers['ensure']>>();
  let rootless: Promise<boolean> | undefined;

  async function planOf({ name, folder }: Workspace) {
    rootless ??= isRootless(docker);
    const user = containerUser(
      await rootless.catch((error: unknown) => {
        rootless = undefined;
        throw error;
      }),
    );
    const calls = boxesPath(stateDir, name);
    mkdirSync(calls, { recursive: true, mode: 0o755 });
    const [workspace, boxes] = await Promise.all([realpath(folder), realpath(calls)]);
    return { settings, user, workspace: onHost(workspace), calls: onHost(boxes), here: workspace };
  }

  /** The worker may see the state folder under another name than Docker's machine. */
  function onHost(path: string): string {
    if (!settings.hostStateDir) return path;
    const below = relative(stateDir, path);
    return below.startsWith('..') ? path : join(settings.hostStateDir, below);
  }

  async function make(workspace: Workspace): ReturnType<Containers['ensure']> {
    const name = containerName(stateDir, workspace.name);
    const { here, ...plan } = await planOf(workspace);
    const options = containerOptions(plan);
    const made = madeAs(options);
    for (let tries = 1; ; ) {
      const there = await inspect(name);
      if (there && !isOurs(there.Config.Labels, stateDir)) {
        throw new Error(`The container ${name} is not this program's, though it has its name; remove or rename it.`);
      }
      if (there?.State.Running && there.Config.Labels[LABEL.made] === made)
        return { ...runningOf(there), user: plan.user };
      if (there && isBeingMade(there)) {
        await sleep(AGAIN_MS);
        continue;
      }
      // One that has ended keeps nothing that is needed: files are in the workspace.
      if (there) await removeQuietly(there.Id);
      try {
        await giveTo(plan.user, here);
        const container = await docker.createContainer({
          ...options,
          name,
          Labels: {
            ...ownLabels(stateDir),
            ...ownerLabels(workspace.owner),
            [LABEL.workspace]: workspace.name,
            [LABEL.made]: made,
          },
        });
        await container.start().catch(async (error: unknown) => {
          // Nobody is to wait for its start.
          await removeQuietly(container.id).catch(() => {});
          throw error;
        });
        return { ...runningOf(await container.inspect()), user: plan.user };
      } catch (error) {
        // A name that is taken still, a container that was removed before its start.
        const passing =
          statusOf(error) === 409 || (statusOf(error) === 404 && /No such container/.test(reasonOf(error)));
        if (!passing || tries >= TRIES) throw error;
        tries += 1;
        await sleep(AGAIN_MS);
      }
    }
  }

  async function inspect(name: string): Promise<ContainerInspectInfo | undefined> {
    try {
      return await docker.getContainer(name).inspect();
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  /** By id: the name may be another's by now. */
  async function removeQuietly(id: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await docker.getContainer(id).remove({ force: true, v: true });
        return;
      } catch (error) {
        if (statusOf(error) === 404) return;
        // Somebody else removes it; it is gone when a look says so.
        if (statusOf(error) !== 409 || tries >= TRIES) throw error;
        await sleep(AGAIN_MS);
      }
    }
  }

  return {
    ensure(workspace) {
      const running = making.get(workspace.name) ?? make(workspace).finally(() => making.delete(workspace.name));
      making.set(workspace.name, running);
      return running;
    },
    async isUp({ id, startedAt }) {
      const there = await inspect(id);
      return there?.State.Running === true && there.State.StartedAt === startedAt;
    },
    async remove(name) {
      const there = await inspect(containerName(stateDir, name));
      if (there && isOurs(there.Config.Labels, stateDir)) await removeQuietly(there.Id);
    },
  };
}

/**
 * Another attempt has created it and is about to start it: Docker lets a removal through meanwhile, even one without
 * force, and stops what was just started.
 */
const isBeingMade = ({ State, Created }: ContainerInspectInfo): boolean =>
  State.Status === 'created' && Date.now() - Date.parse(Created) < MAKING_MS;

const runningOf = ({ Id, State }: ContainerInspectInfo): Running => ({ id: Id, startedAt: State.StartedAt });

async function isRootless(docker: Docker): Promise<boolean> {
  const { SecurityOptions } = (await docker.info()) as { SecurityOptions?: string[] };
  return SecurityOptions?.some((option) => option.includes('name=rootless')) ?? false;
}

/** Hands the workspace's files to the container's user. No container has them now, so nothing changes meanwhile. */
async function giveTo({ uid, gid }: User, folder: string): Promise<void> {
  if (process.getuid?.() !== 0 || uid === 0) return;
  const give = async (path: string) => {
    if ((await lstat(path)).uid !== uid) await lchown(path, uid, gid);
  };
  await give(folder);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    await give(join(entry.parentPath, entry.name));
  }
}
