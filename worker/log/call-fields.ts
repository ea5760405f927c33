import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { callOf } from '../telemetry/call-of.ts';

/** Round and call of an activity, by its input, for all that it logs and for what Temporal logs of it. */
export const callFields: ActivityInterceptorsFactory = () => {
  let fields: ReturnType<typeof callOf> = {};
  return {
    inbound: {
      execute(input, next) {
        fields = callOf(input.args[0]);
        return next(input);
      },
    },
    outbound: {
      getLogAttributes: (input, next) => next({ ...input, ...fields }),
    },
  };
};
