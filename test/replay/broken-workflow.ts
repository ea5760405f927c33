import { sleep } from '@temporalio/workflow';
import { deepResearchBatch as soundBatch, deepResearch as soundSession } from '../../workflows/index.ts';

/** The workflows as a careless change would have them: one command more, which open ones never gave. */
export async function deepResearch(...input: Parameters<typeof soundSession>): ReturnType<typeof soundSession> {
  await sleep(1);
  return soundSession(...input);
}

export async function deepResearchBatch(...input: Parameters<typeof soundBatch>): ReturnType<typeof soundBatch> {
  await sleep(1);
  return soundBatch(...input);
}
