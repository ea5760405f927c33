import { setTimeout as sleep } from 'node:timers/promises';
import type { InjectedSinks } from '@temporalio/worker';
import { giveAccount } from '../activities/batch/given-accounts.ts';
import { remember } from '../activities/inference/transcript-cache.ts';
import type { BatchSinks } from '../workflows/batch-runtime.ts';
import type { SessionSinks } from '../workflows/temporal-runtime.ts';

/** What workflows call in their worker's process: each hands its new messages to the model calls there. */
export const sessionSinks: InjectedSinks<SessionSinks & BatchSinks> = {
  transcript: {
    share: {
      fn: ({ runId }, segment, since, view) => {
        remember(runId, segment, since, view);
      },
      // After a replay the next model call asks for all it lacks.
      callDuringReplay: false,
    },
  },
  account: { give: { fn: ({ runId }, account) => giveAccount(runId, account), callDuringReplay: false } },
  // The worker waits for it before it ends the task.
  batch: { hold: { fn: (_, ms) => sleep(ms), callDuringReplay: false } },
};

/** The same where no model calls run: nothing is kept. */
export const silentSinks: InjectedSinks<SessionSinks & BatchSinks> = {
  transcript: { share: { fn: () => {}, callDuringReplay: false } },
  account: { give: { fn: () => {}, callDuringReplay: false } },
  batch: { hold: { fn: () => {}, callDuringReplay: false } },
};
