import type { LogLevel, RuntimeOptions } from '@temporalio/worker';
import { BUCKETS } from '../../telemetry/metrics.ts';
import type { Configuration } from '../configuration/index.ts';

/** Temporal's own telemetry: what its native core says goes to the same log, its metrics to the same address as ours. */
export const telemetryOptions = ({
  log,
  metricsAddress,
}: Pick<Configuration, 'log' | 'metricsAddress'>): RuntimeOptions['telemetryOptions'] => ({
  logging: { filter: { core: log.level.toUpperCase() as LogLevel }, forward: {} },
  ...(metricsAddress
    ? {
        metrics: {
          prometheus: {
            bindAddress: metricsAddress,
            // As Prometheus's conventions have it.
            countersTotalSuffix: true,
            unitSuffix: true,
            useSecondsForDurations: true,
            histogramBucketOverrides: BUCKETS,
          },
        },
      }
    : {}),
});
