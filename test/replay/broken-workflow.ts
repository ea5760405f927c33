import { sleep } from '@temporalio/workflow';
import { deepResearch as sound } from '../../workflows/index.ts';

/** The session as a careless change would have it: one command more, which open sessions never gave. */
export async function deepResearch(...input: Parameters<typeof sound>): ReturnType<typeof sound> {
  await sleep(1);
  return sound(...input);
}
