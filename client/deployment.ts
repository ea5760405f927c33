import type { Client } from '@temporalio/client';
import { callServer } from './gateway.ts';

/** A version of the workers, as the server knows it. */
export interface DeploymentVersion {
  buildId: string;
  /** New sessions begin on the current one; draining ones have open sessions, drained ones have none. */
  state: 'current' | 'ramping' | 'draining' | 'drained' | 'inactive' | 'unknown';
}

/** `WorkerDeploymentVersionStatus` of the API. */
const STATES = ['unknown', 'inactive', 'current', 'ramping', 'draining', 'drained', 'inactive'] as const;

/**
 * Has new sessions begin on a version. Sessions that are open stay with theirs, if its workers are pinned. Repeating it
 * does no harm.
 */
export const setCurrentVersion = (client: Client, deploymentName: string, buildId: string): Promise<void> =>
  callServer(client, '', async () => {
    const { namespace, identity } = client.options;
    // Servers (1.29.1) that are told of the current version again take it for one that is draining, for ever.
    const info = await describe(client, deploymentName).catch(() => undefined);
    if (currentOf(info) === buildId) return;
    await client.workflowService.setWorkerDeploymentCurrentVersion({ namespace, deploymentName, buildId, identity });
  });

export const deploymentVersions = (client: Client, deploymentName: string): Promise<DeploymentVersion[]> =>
  callServer(client, '', async () => {
    const info = await describe(client, deploymentName);
    const current = currentOf(info);
    return (info?.versionSummaries ?? []).map(({ deploymentVersion, status }) => {
      const buildId = deploymentVersion?.buildId ?? '';
      return { buildId, state: buildId === current ? 'current' : (STATES[Number(status ?? 0)] ?? 'unknown') };
    });
  });

type Info = Awaited<ReturnType<Client['workflowService']['describeWorkerDeployment']>>['workerDeploymentInfo'];

async function describe(client: Client, deploymentName: string): Promise<Info> {
  const { namespace } = client.options;
  return (await client.workflowService.describeWorkerDeployment({ namespace, deploymentName })).workerDeploymentInfo;
}

/** Where new sessions go, by what routes them. */
const currentOf = (info: Info): string | undefined =>
  info?.routingConfig?.currentDeploymentVersion?.buildId ?? undefined;
