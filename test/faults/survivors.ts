import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@temporalio/client';
import type { Message } from '../../protocol/messages.ts';
import { QUERY, WORKFLOW } from '../../protocol/names.ts';
import type { ResearchResult } from '../../protocol/result.ts';
import { eventually } from '../support/sessions.ts';
import type { CountedSession } from './counted-session.ts';

const AGAIN_MS = 500;

/** Starts a session and waits for its result, however often the server is away meanwhile. */
export async function resultOf(client: Client, { tag, taskQueue, input }: CountedSession): Promise<ResearchResult> {
  for (;;) {
    try {
      await client.workflow.start(WORKFLOW.session, { workflowId: tag, taskQueue, args: [input] });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) {
        await sleep(AGAIN_MS);
        continue;
      }
    }
    try {
      return await client.workflow.getHandle(tag).result();
    } catch (error) {
      if (error instanceof WorkflowFailedError) throw error;
      await sleep(AGAIN_MS);
    }
  }
}

/** The messages of a session, with another's name instead of its own. */
export async function transcriptOf(client: Client, { tag }: CountedSession, as: string): Promise<string[]> {
  let messages: Message[] = [];
  await eventually(`the transcript of ${tag}`, async () => {
    messages = await client.workflow.getHandle(tag).query<Message[]>(QUERY.transcript);
    return true;
  });
  return messages.map((message) => JSON.stringify(message).replaceAll(tag, as));
}

/** Attempts at activities beyond each one's first. */
export async function retriesOf(client: Client, { tag }: CountedSession): Promise<number> {
  const { events } = await client.workflow.getHandle(tag).fetchHistory();
  return (events ?? []).reduce((sum, event) => sum + (event.activityTaskStartedEventAttributes?.attempt ?? 1) - 1, 0);
}
