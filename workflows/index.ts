export { deepResearchBatch } from './batch.ts';
export { deepResearch } from './deep-research.ts';
export { deepResearchFiles } from './deep-research-files.ts';
