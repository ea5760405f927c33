export { type Configuration, readConfiguration } from './configuration/index.ts';
export { DeepResearchPlugin, deepResearchPlugin } from './plugin.ts';
export { runWorker } from './run.ts';
