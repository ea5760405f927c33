import { readFileSync } from 'node:fs';
import type { DataConverter } from '@temporalio/common';
import { SimplePlugin } from '@temporalio/plugin';
import {
  type BundleOptions,
  type NativeConnection,
  type ReplayWorkerOptions,
  Runtime,
  type Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { makeSessionWork } from '../activities/index.ts';
import { log } from '../activities/log.ts';
import type { Janitor } from '../activities/sandbox/docker/janitor.ts';
import type { OwnTool } from '../activities/tools/own-tool.ts';
import { closeBrowsers } from '../activities/web/browser/shared-browser.ts';
import { encryptsFailures } from '../converter/data-converter.ts';
import { MARK as ENCODED_FAILURES } from '../converter/failures/encoded.ts';
import { WORKFLOW } from '../protocol/names.ts';
import { countWith } from '../telemetry/metrics.ts';
import { otlpExporter } from '../telemetry/otlp.ts';
import { flushSpans, traceTo } from '../telemetry/tracer.ts';
import { combineWorkflows, preloadModules } from './combined-workflows.ts';
import { type Configuration, readConfiguration } from './configuration/index.ts';
import { dataConverterOf } from './data-converter.ts';
import { callFields } from './log/call-fields.ts';
import { openMcpTools } from './mcp-tools.ts';
import { sessionQueues } from './queues.ts';
import { startSandboxJanitor } from './sandbox-janitor.ts';
import { sessionSinks, silentSinks } from './sinks.ts';
import { keepSweeping, type Sweep } from './sweeping.ts';
import { observedActivities } from './telemetry/observed-activities.ts';
import { askForTraces } from './telemetry/session-sink.ts';
import { toolOptions } from './tool-options.ts';

/**
 * The least time between two heartbeats of an activity. A heartbeat that comes sooner is held back until then, so this
 * must be well below the activities' own interval of one or two seconds: else each waits for the one before, and what
 * the server knows is two intervals old.
 */
export const HEARTBEAT_THROTTLE = '500ms';

/**
 * The activities a configuration asks for, and the sweep of what sessions leave.
 *
 * @param hostQueue task queue of this host's own, where the worker polls it
 * @throws Error if one of `ownTools` has a name that is taken
 */
export const sessionWorkOf = (configuration: Configuration, ownTools: readonly OwnTool[] = [], hostQueue?: string) =>
  makeSessionWork({
    ...configuration,
    ...toolOptions(configuration, ownTools),
    queues: sessionQueues(configuration),
    hostQueue,
    jsonErrors: !configuration.variables.USE_NLP_FORMAT_RETURN,
  });

/**
 * Gives a worker the workflows `deepResearch` and `deepResearchBatch` and their activities, beside its own; made by `deepResearchPlugin`. A worker
 * that runs a bundle made ahead of time gives the plugin to `bundleWorkflowCode` as well.
 */
export class DeepResearchPlugin extends SimplePlugin {
  readonly #startJanitor: NonNullable<PluginParts['startJanitor']>;
  readonly #sweep?: Sweep;
  #connection?: NativeConnection;
  #namespace = 'default';

  constructor(
    activities: object,
    { onEnd = async () => {}, startJanitor = () => undefined, sweep, dataConverter }: PluginParts = {},
  ) {
    let workers = 0;
    super({
      name: 'deep-research',
      activities,
      workflowsPath: combineWorkflows,
      ...(dataConverter ? { dataConverter } : {}),
      workerInterceptors: { activity: [callFields, observedActivities] },
      runContext: async (next) => {
        workers += 1;
        try {
          await next();
        } finally {
          workers -= 1;
          if (workers === 0) await onEnd();
        }
      },
    });
    this.#startJanitor = startJanitor;
    this.#sweep = sweep;
  }

  override async runWorker(worker: Worker, next: (worker: Worker) => Promise<void>): Promise<void> {
    // Where the process's Temporal runtime has metrics, ours are among them.
    countWith(Runtime.instance().metricMeter);
    if (this.#connection) askForTraces(this.#connection.workflowService);
    const janitor = this.#connection && this.#startJanitor(this.#connection, this.#namespace);
    const stopSweeping =
      this.#sweep && this.#connection && keepSweeping(this.#sweep, this.#connection, this.#namespace);
    try {
      await super.runWorker(worker, next);
    } finally {
      stopSweeping?.();
      await janitor?.stop();
    }
  }

  /** @throws Error if an activity of the worker has the name of one of ours, or its bundle lacks our workflow */
  override configureWorker(options: WorkerOptions): WorkerOptions {
    refuseClash(options.activities, this.options.activities);
    const { workflowBundle, workflowsPath: theirs } = options;
    const configured = super.configureWorker(options);
    if (workflowBundle) requireOurs(workflowBundle, configured.dataConverter);
    this.#connection = options.connection;
    this.#namespace = options.namespace ?? 'default';
    return {
      ...configured,
      // Temporal takes the bundle or the path, not both.
      workflowsPath: workflowBundle ? theirs : configured.workflowsPath,
      ...(workflowBundle ? {} : { bundlerOptions: withPreloads(options.bundlerOptions) }),
      sinks: { ...options.sinks, ...sessionSinks },
      maxHeartbeatThrottleInterval: options.maxHeartbeatThrottleInterval ?? HEARTBEAT_THROTTLE,
      defaultHeartbeatThrottleInterval: options.defaultHeartbeatThrottleInterval ?? HEARTBEAT_THROTTLE,
    };
  }

  /** A bundle has the failure converter in it. */
  override configureBundler(options: BundleOptions): BundleOptions {
    const { failureConverterPath } = (this.options.dataConverter ?? {}) as DataConverter;
    const configured = super.configureBundler(options);
    return { failureConverterPath, ...configured, ...withPreloads(configured) };
  }

  override configureReplayWorker(options: ReplayWorkerOptions): ReplayWorkerOptions {
    const configured = super.configureReplayWorker(options);
    return { ...configured, sinks: { ...options.sinks, ...silentSinks } };
  }
}

const withPreloads = (options?: WorkerOptions['bundlerOptions']) => ({
  ...options,
  preloadModules: [...(options?.preloadModules ?? []), ...preloadModules],
});

interface PluginParts {
  /** Waited for after the end of the worker, or of the last of several. */
  onEnd?: () => Promise<void>;
  /** For a worker that was given a connection. */
  startJanitor?: (connection: NativeConnection, namespace: string) => Janitor | undefined;
  sweep?: Sweep;
  /** What the worker's own says comes first. */
  dataConverter?: DataConverter;
}

export interface PluginOptions {
  /** Tools beside the nine. All workers of a task queue need the same. */
  tools?: readonly OwnTool[];
  /** Default: read from the file and the environment. */
  configuration?: Configuration;
}

/** `Worker.create({ …, plugins: [await deepResearchPlugin()] })` @throws Error that says what cannot be used */
export async function deepResearchPlugin(options: PluginOptions = {}): Promise<DeepResearchPlugin> {
  const { tools = [], configuration = readConfiguration() } = options;
  const servers = await openMcpTools(configuration, tools);
  if (configuration.traces) traceTo(otlpExporter(configuration.traces, log.warn));
  for (const note of servers.notes) log.warn(note);
  try {
    // One worker polls one queue, so that no tool and no host can have a queue of its own here.
    const { activities, sweep } = await sessionWorkOf({ ...configuration, toolRates: {} }, [
      ...tools,
      ...servers.tools,
    ]);
    return new DeepResearchPlugin(activities, {
      onEnd: async () => {
        await Promise.all([servers.close(), closeBrowsers(), flushSpans()]);
      },
      startJanitor: (connection, namespace) => startSandboxJanitor(configuration, connection, namespace),
      sweep,
      dataConverter: dataConverterOf(configuration),
    });
  } catch (error) {
    await servers.close();
    throw error;
  }
}

function refuseClash(theirs: object | undefined, ours: unknown): void {
  const names = new Set(Object.keys(ours ?? {}));
  const clash = Object.keys(theirs ?? {}).find((name) => names.has(name));
  if (clash) {
    throw new Error(
      `deep-research plugin: the worker has an activity "${clash}" of its own; give one of them another task queue.`,
    );
  }
}

function requireOurs(bundle: NonNullable<WorkerOptions['workflowBundle']>, converter: DataConverter = {}): void {
  const code = 'code' in bundle ? bundle.code : readFileSync(bundle.codePath, 'utf8');
  if (!code.includes(WORKFLOW.session)) {
    throw new Error(
      `deep-research plugin: workflowBundle lacks the workflow ${WORKFLOW.session}; give the plugin to bundleWorkflowCode as well.`,
    );
  }
  if (encryptsFailures(converter) && !code.includes(ENCODED_FAILURES)) {
    throw new Error(
      'deep-research plugin: workflowBundle was made without encryption, its failures would stay readable; give the plugin to bundleWorkflowCode with DEEP_RESEARCH_ENCRYPTION_KEYS set.',
    );
  }
}
