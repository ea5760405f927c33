import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;
type Event = proto.temporal.api.history.v1.IHistoryEvent;

/** A workflow's history as the server keeps it, nothing decoded. */
export async function rawHistory(client: Client, workflowId: string): Promise<Event[]> {
  const events: Event[] = [];
  let nextPageToken: Uint8Array | undefined;
  do {
    const page = await client.workflowService.getWorkflowExecutionHistory({
      namespace: 'default',
      execution: { workflowId },
      ...(nextPageToken ? { nextPageToken } : {}),
    });
    events.push(...(page.history?.events ?? []));
    nextPageToken = page.nextPageToken?.length ? page.nextPageToken : undefined;
  } while (nextPageToken);
  return events;
}

/** All bytes of it as text: everything that can be found in it without a key. */
export const textOfHistory = (events: Event[]): string =>
  Buffer.from(History.encode(History.create({ events })).finish()).toString('utf8');

/** All payloads in it but those of search attributes, which the server must be able to read. */
export function payloadsIn(value: unknown): proto.temporal.api.common.v1.IPayload[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  if ('metadata' in value && 'data' in value) return [value as proto.temporal.api.common.v1.IPayload];
  return Object.entries(value).flatMap(([name, one]) => (name === 'indexedFields' ? [] : payloadsIn(one)));
}
