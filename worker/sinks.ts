import type { InjectedSinks } from '@temporalio/worker';
import { remember } from '../activities/inference/transcript-cache.ts';
import type { SessionSinks } from '../workflows/temporal-runtime.ts';

/** What workflows call in their worker's process: each hands its new messages to the model calls there. */
export const sessionSinks: InjectedSinks<SessionSinks> = {
  transcript: {
    share: {
      fn: ({ runId }, segment, since, view) => {
        remember(runId, segment, since, view);
      },
      // After a replay the next model call asks for all it lacks.
      callDuringReplay: false,
    },
  },
};

/** The same where no model calls run: nothing is kept. */
export const silentSinks: InjectedSinks<SessionSinks> = {
  transcript: { share: { fn: () => {}, callDuringReplay: false } },
};
