import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DefaultLogger, type LogLevel, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { closeSharedCorpora } from '../activities/corpus/shared-corpus.ts';
import { workflowsPath } from './combined-workflows.ts';
import type { Configuration } from './configuration/index.ts';
import { activitiesOf, HEARTBEAT_EVERY } from './plugin.ts';
import { pollsOf } from './queues.ts';
import { sessionSinks, silentSinks } from './sinks.ts';
import { BUILD_ID } from './version.ts';

/** Runs a worker until it is told to stop by SIGINT or SIGTERM. */
export async function runWorker(configuration: Configuration, onReady: () => void): Promise<void> {
  Runtime.install({
    logger: new DefaultLogger(configuration.logLevel.toUpperCase() as LogLevel),
    shutdownSignals: ['SIGINT', 'SIGTERM'],
  });
  const { worker: limits } = configuration;
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const connection = await NativeConnection.connect(connectionOptions);
  try {
    const activities = await activitiesOf(configuration);
    const { infer, PythonInterpreter, bash, ...others } = activities;
    const served = {
      all: activities,
      infer: { infer },
      tools: others,
      sandbox: { PythonInterpreter, bash },
      none: undefined,
    };
    const polls = pollsOf(configuration);
    const servesModel = polls.some(({ activities }) => activities === 'all' || activities === 'infer');
    const workers = await Promise.all(
      polls.map((poll) =>
        Worker.create({
          connection,
          namespace: namespace ?? 'default',
          taskQueue: poll.taskQueue,
          buildId: BUILD_ID,
          ...(poll.workflows ? { workflowsPath, sinks: servesModel ? sessionSinks : silentSinks } : {}),
          ...(poll.activities === 'none' ? {} : { activities: served[poll.activities] as object }),
          maxHeartbeatThrottleInterval: HEARTBEAT_EVERY,
          defaultHeartbeatThrottleInterval: HEARTBEAT_EVERY,
          maxCachedWorkflows: limits.maxCachedWorkflows,
          maxConcurrentActivityTaskExecutions:
            poll.activities === 'all' || poll.activities === 'infer'
              ? limits.maxConcurrentInferences
              : limits.maxConcurrentTools,
          shutdownGraceTime: `${limits.shutdownGraceSeconds}s`,
        }),
      ),
    );
    onReady();
    await Promise.all(workers.map((worker) => worker.run()));
  } finally {
    await connection.close();
    await closeSharedCorpora();
  }
}
