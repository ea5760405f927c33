import type { WorkerOptions } from '@temporalio/worker';
import type { Configuration } from './configuration/index.ts';

/** What tells the server which version of the code a worker is, and whether sessions stay with theirs. */
export function versionOf({
  buildId,
  deployment,
}: Pick<Configuration, 'buildId' | 'deployment'>): Pick<WorkerOptions, 'buildId' | 'workerDeploymentOptions'> {
  if (!deployment) return { buildId };
  return {
    workerDeploymentOptions: {
      version: { deploymentName: deployment.name, buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: deployment.versioning === 'pinned' ? 'PINNED' : 'AUTO_UPGRADE',
    },
  };
}
