import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { SessionOwner } from '../sandbox.ts';

const PREFIX = 'temporal-deep-research';

/** What a container is known by; all must be there and right before anything is done to it. */
export const LABEL = {
  project: `${PREFIX}.project`,
  /** Name of the machine, and the state folder: whose worker made it. */
  host: `${PREFIX}.host`,
  state: `${PREFIX}.state`,
  workspace: `${PREFIX}.workspace`,
  /** Of its session's workflow. */
  namespace: `${PREFIX}.namespace`,
  taskQueue: `${PREFIX}.task-queue`,
  workflow: `${PREFIX}.workflow`,
  run: `${PREFIX}.run`,
  /** Digest of how it was made: with other settings it is made anew. */
  made: `${PREFIX}.made`,
} as const;

export type Labels = Partial<Record<string, string>>;

/** Of every container that workers of this machine make for a state folder. */
export const ownLabels = (stateDir: string) => ({
  [LABEL.project]: PREFIX,
  [LABEL.host]: hostname(),
  [LABEL.state]: stateDir,
});

export const ownerLabels = (owner: SessionOwner | undefined): Record<string, string> =>
  owner
    ? {
        [LABEL.namespace]: owner.namespace,
        [LABEL.taskQueue]: owner.taskQueue,
        [LABEL.workflow]: owner.workflowId,
        [LABEL.run]: owner.runId,
      }
    : {};

export function ownerOf(labels: Labels): SessionOwner | undefined {
  const namespace = labels[LABEL.namespace];
  const taskQueue = labels[LABEL.taskQueue];
  const workflowId = labels[LABEL.workflow];
  const runId = labels[LABEL.run];
  if (!namespace || !taskQueue || !workflowId || !runId) return undefined;
  return { namespace, taskQueue, workflowId, runId };
}

export const isOurs = (labels: Labels, stateDir: string): boolean =>
  Object.entries(ownLabels(stateDir)).every(([name, value]) => labels[name] === value);

/** As a filter of Docker's list. */
export const ownFilter = (stateDir: string): { label: string[] } => ({
  label: Object.entries(ownLabels(stateDir)).map(([name, value]) => `${name}=${value}`),
});

/** One container a workspace: Docker lets one have the name. */
export function containerName(stateDir: string, workspace: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([stateDir, workspace]))
    .digest('hex');
  return `deep-research-${digest.slice(0, 20)}`;
}
