import { setTimeout as sleep } from 'node:timers/promises';
import type { InjectedSinks } from '@temporalio/worker';
import { forgetRun, remember } from '../activities/inference/transcript-cache.ts';
import { giveAccount } from '../activities/session/given-accounts.ts';
import { count } from '../telemetry/metrics.ts';
import type { BatchSinks } from '../workflows/batch-runtime.ts';
import type { SessionSinks } from '../workflows/temporal-runtime.ts';
import { sessionEnded } from './telemetry/session-sink.ts';

/** What workflows call in their worker's process: new messages for the model calls there, and that they have ended. */
export const sessionSinks: InjectedSinks<SessionSinks & BatchSinks> = {
  session: {
    held: { fn: count.hold, callDuringReplay: false },
    ended: {
      fn: (info, ended) => {
        forgetRun(info.runId);
        return sessionEnded(info, ended);
      },
      callDuringReplay: false,
    },
  },
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

/** Of replays, and of tests: nobody is told. */
export const silentSinks: InjectedSinks<SessionSinks & BatchSinks> = {
  session: { held: { fn: () => {}, callDuringReplay: false }, ended: { fn: () => {}, callDuringReplay: false } },
  transcript: { share: { fn: () => {}, callDuringReplay: false } },
  account: { give: { fn: () => {}, callDuringReplay: false } },
  batch: { hold: { fn: () => {}, callDuringReplay: false } },
};

/** The same where no model calls run: no messages are kept. */
export const sinksWithoutModel: InjectedSinks<SessionSinks & BatchSinks> = {
  ...silentSinks,
  session: sessionSinks.session,
};
