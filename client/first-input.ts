import type { Client } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { ServerUnreachable } from './errors.ts';
import { callServer } from './gateway.ts';

/** The input of a workflow's first run as it was sent; undefined where the server keeps its history no longer. */
export async function firstInput(client: Client, id: string, firstRunId: string | undefined): Promise<unknown> {
  try {
    const { history } = await callServer(client, id, () =>
      client.workflowService.getWorkflowExecutionHistory({
        namespace: client.options.namespace,
        execution: { workflowId: id, runId: firstRunId },
        maximumPageSize: 1,
      }),
    );
    const payloads = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads;
    const [input] = await decodeArrayFromPayloads(client.options.loadedDataConverter, payloads);
    return input;
  } catch (error) {
    if (error instanceof ServerUnreachable) throw error;
    return undefined;
  }
}
