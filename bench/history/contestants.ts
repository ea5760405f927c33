import type { WorkflowHandle } from '@temporalio/client';
import type { Message } from '../../protocol/messages.ts';
import { QUERY, WORKFLOW } from '../../protocol/names.ts';
import type { PlainMessage } from './activities.ts';
import { prose } from './prose.ts';
import type { Stand } from './stand.ts';
import type { BenchSizes } from './workflows.ts';

/** One design: how its workflow is started, and what its transcript came to in bytes. */
export interface Contestant {
  start(stand: Stand, workflowId: string): Promise<WorkflowHandle>;
  transcriptBytes(handle: WorkflowHandle, rounds: number): Promise<number>;
}

const bytes = (texts: string[]): number => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);

export const bare = (rounds: number): Contestant => ({
  start: ({ client, taskQueue }, workflowId) =>
    client.workflow.start('benchBare', { taskQueue, workflowId, args: [rounds] }),
  transcriptBytes: async () => 0,
});

export function naive(rounds: number, sizes: BenchSizes): Contestant {
  // As long as the session's own opening with one tool.
  const opening: PlainMessage[] = [
    { role: 'system', content: prose(0, 3000) },
    { role: 'user', content: QUESTION },
  ];
  return {
    start: ({ client, taskQueue }, workflowId) =>
      client.workflow.start('benchNaive', { taskQueue, workflowId, args: [rounds, opening, sizes] }),
    async transcriptBytes(_, done) {
      const texts = opening.map(({ content }) => content);
      for (let round = 1; round <= done; round += 1) {
        texts.push(prose(2 * round, sizes.reply), prose(-round, sizes.result));
      }
      return bytes(texts);
    },
  };
}

const QUESTION = 'When were the harbour lamps lit in spring, and who wrote it down?';

/** Our own workflow. The model server calls `search` so many rounds, then answers. */
export function session(rounds: number): Contestant {
  return {
    start: ({ client, taskQueue }, workflowId) =>
      client.workflow.start(WORKFLOW.session, {
        taskQueue,
        workflowId,
        args: [
          {
            question: QUESTION,
            tools: ['search'],
            maxRounds: rounds + 1,
            // The context is to grow to its end.
            contextTokens: 1_000_000,
          },
        ],
      }),
    async transcriptBytes(handle) {
      const messages: Message[] = [];
      for (;;) {
        const page = await handle.query<Message[], [number]>(QUERY.transcript, messages.length);
        if (page.length === 0) return bytes(messages.map(({ content }) => content));
        messages.push(...page);
      }
    },
  };
}
