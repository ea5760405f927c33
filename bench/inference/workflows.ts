import * as wf from '@temporalio/workflow';
import type { InferenceView, InferInput, SessionActivities } from '../../protocol/activities.ts';
import { QUERY } from '../../protocol/names.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { StreamOrder } from './order.ts';

const { infer } = wf.proxyActivities<Pick<SessionActivities, 'infer'>>({
  startToCloseTimeout: '1h',
  heartbeatTimeout: '20s',
});

/** One model call of a session of two messages, and nothing else. */
export async function benchInfer(order: StreamOrder): Promise<Reply['usage']> {
  const view: InferenceView = {
    messages: [
      { role: 'system', content: 'You research.' },
      { role: 'user', content: 'When were the harbour lamps lit?' },
    ],
    model: { extraBody: { bench: order } },
    protocol: 'text',
    tools: [],
  };
  wf.setHandler(wf.defineQuery(QUERY.inference), () => view);
  const input: InferInput = {
    round: 1,
    segment: 0,
    messages: view.messages.length,
    purpose: 'round',
    promptTokens: 100,
    contextTokens: 128_000,
  };
  return (await infer(input)).usage;
}
