export { defineTool, type OwnTool, type ToolDefinition } from '../activities/tools/own-tool.ts';
export { type ToolContext, ToolError } from '../activities/tools/tool.ts';
export { type Configuration, readConfiguration } from './configuration/index.ts';
export { DeepResearchPlugin, deepResearchPlugin, type PluginOptions } from './plugin.ts';
export { runWorker } from './run.ts';
