import * as wf from '@temporalio/workflow';
import type { BatchProgress, BatchStatus } from '../protocol/batch.ts';
import { QUERY, UPDATE } from '../protocol/names.ts';

/** What people see of a batch and may do to it. */
export interface BatchControls {
  /** Its rows are known. */
  opened(): boolean;
  status(): BatchStatus;
  progress(): BatchProgress;
  paused(): boolean;
  /** It ends already. */
  stopping(): boolean;
  pause(yes: boolean): void;
  setWindow(size: number): void;
  stop(): void;
}

const WIDEST = 1000;

/**
 * Answers queries and takes updates for a batch, from its first moment to its last. Updates are taken while it is being
 * prepared as well: those that came with the start of a run, as those that the run before could not take, are given to
 * it at once.
 */
export function handleBatch(batch: BatchControls): void {
  const ready = (): BatchControls => {
    if (!batch.opened()) throw new Error('The batch is being prepared; ask again in a moment.');
    return batch;
  };
  const working = (): BatchControls => {
    if (batch.stopping()) throw new Error('The batch is being stopped.');
    return batch;
  };
  wf.setHandler(wf.defineQuery<BatchStatus>(QUERY.status), () => ready().status(), {
    description: 'How many sessions are done and at work, tokens, and where the output is',
  });
  wf.setHandler(wf.defineQuery<BatchProgress>(QUERY.progress), () => ready().progress(), {
    description: 'The sessions that ended last',
  });
  wf.setHandler(wf.defineUpdate<void, []>(UPDATE.pause), () => batch.pause(true), {
    validator: () => {
      if (working().paused()) throw new Error('The batch is paused already.');
    },
    description: 'Starts no more sessions; those at work go on',
  });
  wf.setHandler(wf.defineUpdate<void, []>(UPDATE.resume), () => batch.pause(false), {
    validator: () => {
      if (!working().paused()) throw new Error('The batch is not paused.');
    },
    description: 'Goes on after a pause',
  });
  wf.setHandler(wf.defineUpdate<void, [number]>(UPDATE.window), (size) => batch.setWindow(size), {
    validator: (size) => {
      working();
      if (!Number.isInteger(size) || size < 1 || size > WIDEST) {
        throw new Error(`window: expected a whole number from 1 to ${WIDEST}, got ${JSON.stringify(size)}`);
      }
    },
    description: 'Most sessions at work at once; those beyond it go on to their end',
  });
  wf.setHandler(wf.defineUpdate<void, []>(UPDATE.cancel), () => batch.stop(), {
    validator: () => {
      working();
    },
    description: 'Stops the batch and its sessions; what is done stays in the output',
  });
}
