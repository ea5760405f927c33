import { setTimeout as sleep } from 'node:timers/promises';
import { count } from '../../../telemetry/metrics.ts';
import type { SessionOwner } from '../sandbox.ts';
import { type Docker, openDocker, statusOf } from './engine.ts';
import { boxesPath, removeWritten } from './folders.ts';
import { isOurs, LABEL, ownerOf, ownFilter } from './labels.ts';

export interface JanitorOptions {
  stateDir: string;
  /** Whose sessions it may ask about. */
  namespace: string;
  taskQueue: string;
  /** Whether a session is over; undefined where that cannot be told now. */
  isOver(owner: SessionOwner): Promise<boolean | undefined>;
  onProblem(sentence: string): void;
}

export interface Janitor {
  /** Ends it; a sweep that runs is waited for. */
  stop(): Promise<void>;
}

const EVERY_MS = 5 * 60_000;

/**
 * Removes containers whose session is over without its end having removed them: the worker was killed, the workflow
 * terminated. Looks at once and then every few minutes, for as long as the worker runs. Only containers that carry all
 * labels of this state folder, machine, namespace and task queue are looked at.
 */
export function startJanitor(options: JanitorOptions): Janitor {
  const done = new AbortController();
  const docker = openDocker();
  const work = (async () => {
    while (!done.signal.aborted) {
      try {
        await sweep(docker, options);
      } catch (error) {
        options.onProblem(`Containers of ended sessions could not be looked for: ${(error as Error).message}`);
      }
      await sleep(EVERY_MS, undefined, { signal: done.signal }).catch(() => {});
    }
  })();
  return {
    async stop() {
      done.abort();
      await work;
    },
  };
}

/** One look. Gives the names of the workspaces whose containers were removed. */
export async function sweep(docker: Docker, options: JanitorOptions): Promise<string[]> {
  const { stateDir, namespace, taskQueue, isOver, onProblem } = options;
  const listed = await docker.listContainers({ all: true, filters: ownFilter(stateDir) });
  const removed: string[] = [];
  count.containers(listed.length);
  for (const { Id, Labels: labels } of listed) {
    const owner = ownerOf(labels);
    const workspace = labels[LABEL.workspace];
    const ours = isOurs(labels, stateDir) && owner?.namespace === namespace && owner.taskQueue === taskQueue;
    if (!ours || !workspace || !(await isOver(owner))) continue;
    try {
      await removeContainer(docker, Id, stateDir, workspace);
      removed.push(workspace);
    } catch (error) {
      // Somebody else is removing it.
      if (statusOf(error) === 404 || statusOf(error) === 409) continue;
      onProblem(`The container of an ended session (${workspace}) could not be removed: ${(error as Error).message}`);
    }
  }
  return removed;
}

/** Removes containers that work for no workflow, which an earlier tool service has left. */
export async function removeOwnerless(stateDir: string): Promise<void> {
  const docker = openDocker();
  for (const { Id, Labels: labels } of await docker.listContainers({ all: true, filters: ownFilter(stateDir) })) {
    const workspace = labels[LABEL.workspace];
    if (!workspace || labels[LABEL.workflow] || !isOurs(labels, stateDir)) continue;
    await removeContainer(docker, Id, stateDir, workspace);
  }
}

async function removeContainer(docker: Docker, id: string, stateDir: string, workspace: string): Promise<void> {
  await docker.getContainer(id).remove({ force: true, v: true });
  await removeWritten(boxesPath(stateDir, workspace));
}
