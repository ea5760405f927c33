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

/** Has new sessions begin on a version. Sessions that are open stay with theirs, if its workers are pinned. */
export const setCurrentVersion = (client: Client, deploymentName: string, buildId: string): Promise<void> =>
  callServer(client, '', async () => {
    await client.workflowService.setWorkerDeploymentCurrentVersion({
      namespace: client.options.namespace,
      deploymentName,
      buildId,
      identity: client.options.identity,
    });
  });

export const deploymentVersions = (client: Client, deploymentName: string): Promise<DeploymentVersion[]> =>
  callServer(client, '', async () => {
    const { workerDeploymentInfo: info } = await client.workflowService.describeWorkerDeployment({
      namespace: client.options.namespace,
      deploymentName,
    });
    return (info?.versionSummaries ?? []).map(({ deploymentVersion, status }) => ({
      buildId: deploymentVersion?.buildId ?? '',
      state: STATES[Number(status ?? 0)] ?? 'unknown',
    }));
  });
