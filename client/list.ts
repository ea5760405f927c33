import { type Client, WorkflowClient } from '@temporalio/client';
import { defaultPayloadConverter, type PayloadCodec } from '@temporalio/common';
import { SEARCH_ATTRIBUTE, WORKFLOW } from '../protocol/names.ts';
import { callServer } from './gateway.ts';

/** A session as Temporal lists it. Times are epoch milliseconds. */
export interface SessionListing {
  id: string;
  runId: string;
  /** Temporal's own: `running`, `completed`, `failed`, `cancelled`, `terminated`, `timed-out`. */
  outcome: string;
  /** Where the server has the search attributes. */
  state?: string;
  rounds?: number;
  startedAt: number;
  closedAt?: number;
}

/** Nothing of a memo is listed, and another's may be encrypted with a key that is not here. */
const CLOSED: PayloadCodec = {
  encode: async (payloads) => payloads,
  decode: async (payloads) => payloads.map(() => defaultPayloadConverter.toPayload(null)),
};

export async function listSessions(
  client: Client,
  { query, limit = 20 }: { query?: string; limit?: number } = {},
): Promise<SessionListing[]> {
  // A session that went on in a new run is listed once, with its last run.
  const own = `WorkflowType = '${WORKFLOW.session}' AND ExecutionStatus != 'ContinuedAsNew'`;
  const listing: SessionListing[] = [];
  if (limit < 1) return listing;
  return callServer(client, '', async () => {
    const { namespace } = client.options;
    const lister = new WorkflowClient({
      connection: client.connection,
      namespace,
      dataConverter: { payloadCodecs: [CLOSED] },
    });
    const pages = lister.list({
      query: query ? `${own} AND (${query})` : own,
      pageSize: Math.min(limit, 1000),
    });
    for await (const info of pages) {
      const [state] = info.searchAttributes[SEARCH_ATTRIBUTE.state] ?? [];
      const [rounds] = info.searchAttributes[SEARCH_ATTRIBUTE.rounds] ?? [];
      listing.push({
        id: info.workflowId,
        runId: info.runId,
        outcome: info.status.name.toLowerCase().replace('_', '-'),
        ...(typeof state === 'string' ? { state } : {}),
        ...(typeof rounds === 'number' ? { rounds } : {}),
        startedAt: info.startTime.getTime(),
        ...(info.closeTime ? { closedAt: info.closeTime.getTime() } : {}),
      });
      if (listing.length >= limit) break;
    }
    return listing;
  });
}
