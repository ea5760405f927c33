import { fileURLToPath } from 'node:url';
import { SimplePlugin } from '@temporalio/plugin';
import { makeActivities } from '../activities/index.ts';
import { type Configuration, readConfiguration } from './configuration.ts';
import { sessionQueues } from './queues.ts';

export const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));

/** The activities a configuration asks for. */
export const activitiesOf = (configuration: Configuration) =>
  makeActivities({ ...configuration, queues: sessionQueues(configuration) });

/**
 * Gives a worker the workflow `deepResearch` and its activities: `plugins: [await deepResearchPlugin()]`. A worker with
 * workflows of its own exports ours from its own file as well: `export * from 'temporal-deep-research/workflows'`.
 */
export class DeepResearchPlugin extends SimplePlugin {
  constructor(activities: object) {
    super({
      name: 'deep-research',
      activities,
      workflowsPath: (existing) => existing ?? workflowsPath,
    });
  }
}

export async function deepResearchPlugin(configuration = readConfiguration(process.env)): Promise<DeepResearchPlugin> {
  return new DeepResearchPlugin(await activitiesOf(configuration));
}
