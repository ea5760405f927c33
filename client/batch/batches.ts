import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { type BatchInput, parseBatchInput } from '../../protocol/batch.ts';
import { WORKFLOW } from '../../protocol/names.ts';
import { InvalidInput, RequestRefused, SessionNotFound } from '../errors.ts';
import { callServer } from '../gateway.ts';
import { BatchRun } from './batch-run.ts';

/**
 * Starts a batch. One that has ended is started again under its id: what its output has finished stays. Throws
 * `InvalidInput` before anything is sent, `RequestRefused` where it runs already.
 */
export async function startBatch(
  client: Client,
  input: string | BatchInput,
  { id, taskQueue }: { id: string; taskQueue: string },
): Promise<BatchRun> {
  const parsed = parseBatchInput(input);
  if ('error' in parsed) throw new InvalidInput(parsed.error);
  const { rollouts, rows, file } = parsed.settings;
  const what = rows ? `${rows.length} questions` : ((typeof file === 'string' ? file : file?.name) ?? 'questions');
  try {
    await callServer(client, id, () =>
      client.workflow.start(WORKFLOW.batch, {
        workflowId: id,
        taskQueue,
        args: [input],
        staticSummary: `${what.slice(0, 100)}, ${rollouts} ${rollouts === 1 ? 'rollout' : 'rollouts'}`,
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw new RequestRefused(`The batch "${id}" runs already.`, { cause: error });
  }
  return new BatchRun(client, id);
}

/** A batch that was started before. Throws `SessionNotFound`. */
export async function findBatch(client: Client, id: string): Promise<BatchRun> {
  const { type } = await callServer(client, id, () => client.workflow.getHandle(id).describe());
  if (type !== WORKFLOW.batch) {
    throw new SessionNotFound(`The workflow "${id}" is of type ${type}: expected ${WORKFLOW.batch}.`);
  }
  return new BatchRun(client, id);
}

/** Runs the rows of a batch again that have no answer; what is finished stays. Throws `RequestRefused` while it runs. */
export async function retryFailed(client: Client, id: string, taskQueue: string): Promise<BatchRun> {
  const batch = await findBatch(client, id);
  const { outcome } = await batch.snapshot();
  if (outcome === 'running') throw new RequestRefused(`The batch "${id}" still runs: wait for its end, or cancel it.`);
  const input = await batch.input();
  if (input === undefined) {
    throw new RequestRefused(
      `The server keeps the input of the batch "${id}" no longer: start it with its file again.`,
    );
  }
  const before: BatchInput = typeof input === 'string' ? { file: input } : input;
  return startBatch(client, { ...before, attempt: (before.attempt ?? 1) + 1 }, { id, taskQueue });
}
