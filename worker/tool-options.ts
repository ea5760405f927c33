import type { ToolsOptions } from '../activities/tools/all-tools.ts';
import type { OwnTool } from '../activities/tools/own-tool.ts';
import type { Configuration } from './configuration/index.ts';

/** What a configuration says of the tools. */
export const toolOptions = (configuration: Configuration, ownTools: readonly OwnTool[] = []): ToolsOptions => ({
  ...configuration,
  toolSeconds: configuration.variables.CLIENT_TIMEOUT,
  ownTools,
});
