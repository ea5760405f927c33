import type { ActivityInterceptorsFactory } from '@temporalio/worker';

/** Round and call of an activity, by its input, for all that it logs and for what Temporal logs of it. */
export const callFields: ActivityInterceptorsFactory = () => {
  let fields: Record<string, unknown> = {};
  return {
    inbound: {
      execute(input, next) {
        fields = placeOf(input.args[0]);
        return next(input);
      },
    },
    outbound: {
      getLogAttributes: (input, next) => next({ ...input, ...fields }),
    },
  };
};

function placeOf(input: unknown): Record<string, unknown> {
  const { round, callId } = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>;
  if (typeof callId === 'string') {
    const [, number] = /^r(\d+)c\d+$/.exec(callId) ?? [];
    return { ...(number ? { round: Number(number) } : {}), call: callId };
  }
  return typeof round === 'number' ? { round } : {};
}
