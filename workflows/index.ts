export { deepResearchBatch } from './batch.ts';
export { deepResearch } from './deep-research.ts';
