import * as wf from '@temporalio/workflow';
import type { BareActivities } from './worker.ts';

const activities = wf.proxyActivities<BareActivities>({
  // Longer than it takes until all are open; one that a busy server loses is tried again.
  startToCloseTimeout: '2m',
});

/** The least a durable round costs: two activities that do nothing. */
export async function benchBare(rounds: number): Promise<void> {
  for (let round = 1; round <= rounds; round += 1) {
    await activities.benchThink();
    await activities.benchAct();
  }
}
