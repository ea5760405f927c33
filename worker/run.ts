import { Runtime, Worker } from '@temporalio/worker';
import { log, logTo } from '../activities/log.ts';
import { closeIndexes } from '../activities/ranking/thread.ts';
import type { OwnTool } from '../activities/tools/own-tool.ts';
import { closeBrowsers } from '../activities/web/browser/shared-browser.ts';
import { countWith } from '../telemetry/metrics.ts';
import { otlpExporter } from '../telemetry/otlp.ts';
import { flushSpans, traceTo } from '../telemetry/tracer.ts';
import { preloadModules, workflowsPath } from './combined-workflows.ts';
import type { Configuration } from './configuration/index.ts';
import { dataConverterOf } from './data-converter.ts';
import { callFields } from './log/call-fields.ts';
import { makeLogger } from './log/logger.ts';
import { HEARTBEAT_THROTTLE, type PluginOptions, sessionWorkOf } from './plugin.ts';
import { hostQueueOf, type Poll, pollsOf } from './queues.ts';
import { startSandboxJanitor } from './sandbox-janitor.ts';
import { sessionSinks, sinksWithoutModel } from './sinks.ts';
import { checkStart, type Started } from './start-checks/index.ts';
import { keepSweeping } from './sweeping.ts';
import { observedActivities } from './telemetry/observed-activities.ts';
import { telemetryOptions } from './telemetry/runtime-options.ts';
import { countSessions } from './telemetry/session-counts.ts';
import { askForTraces } from './telemetry/session-sink.ts';
import { versionOf } from './versioning.ts';

/** Temporal's part of this process; once, before the first connection. */
function installRuntime({ log: options, metricsAddress, traces }: Configuration): void {
  const logger = makeLogger(options);
  logTo(logger);
  Runtime.install({
    logger,
    shutdownSignals: ['SIGINT', 'SIGTERM'],
    telemetryOptions: telemetryOptions({ log: options, metricsAddress }),
  });
  if (metricsAddress) countWith(Runtime.instance().metricMeter);
  if (traces) traceTo(otlpExporter(traces, log.warn));
}

/**
 * The configuration with what its servers told about themselves, and the tools of MCP servers. Throws an error that says
 * what cannot be used.
 */
export async function checkWorker(given: Configuration): Promise<Pick<Started, 'configuration' | 'tools'>> {
  installRuntime(given);
  const { connection, closeTools, ...started } = await checkStart(given, { warn: console.error, ownTools: [] });
  await closeTools();
  await connection.close();
  return started;
}

/**
 * Runs a worker, with tools of one's own if there are any, until it is told to stop by SIGINT or SIGTERM. Throws an
 * error that says what cannot be used.
 */
export async function runWorker(
  given: Configuration,
  {
    tools: ownTools = [],
    needsModel = false,
    onReady,
  }: Pick<PluginOptions, 'tools'> & {
    /** Not to serve while no model server answers. Default: serve, for one that is loading its model comes later. */
    needsModel?: boolean;
    onReady?: (configuration: Configuration, tools: readonly OwnTool[]) => void;
  } = {},
): Promise<void> {
  installRuntime(given);
  const { connection, namespace, configuration, tools, closeTools } = await checkStart(given, {
    warn: log.warn,
    ownTools,
    needsModel,
  });
  const { worker: limits } = configuration;
  const janitor = startSandboxJanitor(configuration, connection, namespace);
  let stopSweeping: (() => void) | undefined;
  let stopCounting: (() => void) | undefined;
  try {
    const hostQueue = hostQueueOf(configuration);
    const { activities, atHost, sweep } = await sessionWorkOf(configuration, tools, hostQueue);
    const { infer, PythonInterpreter, bash, ...others } = activities;
    const served = {
      all: activities,
      infer: { infer },
      tools: others,
      sandbox: atHost,
      none: undefined,
    };
    const activitiesAt = ({ activities: which }: Poll): object | undefined => {
      if (typeof which === 'string') return served[which];
      const tool = others[which.only as keyof typeof others];
      return tool && { [which.only]: tool };
    };
    const dataConverter = dataConverterOf(configuration);
    const polls = pollsOf(configuration, hostQueue).filter((poll) => poll.workflows || activitiesAt(poll));
    const servesModel = polls.some(({ activities }) => activities === 'all' || activities === 'infer');
    const workers = await Promise.all(
      polls.map((poll) =>
        Worker.create({
          connection,
          namespace,
          taskQueue: poll.taskQueue,
          ...versionOf(configuration),
          dataConverter,
          interceptors: { activity: [callFields, observedActivities] },
          ...(poll.workflows
            ? {
                workflowsPath,
                bundlerOptions: { preloadModules },
                sinks: servesModel ? sessionSinks : sinksWithoutModel,
              }
            : {}),
          activities: activitiesAt(poll),
          ...(typeof poll.activities === 'string'
            ? {}
            : { maxTaskQueueActivitiesPerSecond: poll.activities.perSecond }),
          maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
          defaultHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
          maxCachedWorkflows: limits.maxCachedWorkflows,
          maxConcurrentActivityTaskExecutions:
            poll.activities === 'all' || poll.activities === 'infer'
              ? limits.maxConcurrentInferences
              : limits.maxConcurrentTools,
          shutdownGraceTime: `${limits.shutdownGraceSeconds}s`,
        }),
      ),
    );
    askForTraces(connection.workflowService);
    if (given.metricsAddress && polls.some(({ workflows }) => workflows)) {
      stopCounting = countSessions(connection, namespace, configuration.taskQueue);
    }
    onReady?.(configuration, tools);
    stopSweeping = keepSweeping(sweep, connection, namespace);
    await Promise.all(workers.map((worker) => worker.run()));
  } finally {
    await janitor?.stop();
    stopSweeping?.();
    stopCounting?.();
    await flushSpans();
    await closeTools();
    await connection.close();
    await closeIndexes();
    await closeBrowsers();
  }
}
