import * as wf from '@temporalio/workflow';
import type { BenchActivities, PlainMessage } from './activities.ts';

export * from '../../workflows/index.ts';

const activities = wf.proxyActivities<BenchActivities>({ startToCloseTimeout: '1h' });

/** The least a durable round costs: two activities that do nothing. */
export async function benchBare(rounds: number): Promise<void> {
  for (let round = 1; round <= rounds; round += 1) {
    await activities.benchNothing();
    await activities.benchRoundEnd(round);
  }
}

/** The design that comes to mind first: the workflow has the messages and gives all of them to each model call. */
export async function benchNaive(rounds: number, opening: PlainMessage[], sizes: BenchSizes): Promise<void> {
  const messages = [...opening];
  for (let round = 1; round <= rounds; round += 1) {
    messages.push({ role: 'assistant', content: await activities.benchReply(messages, sizes.reply) });
    messages.push({ role: 'user', content: await activities.benchResult(round, sizes.result) });
  }
}

/** Characters of a reply and of a tool's result. */
export interface BenchSizes {
  reply: number;
  result: number;
}
