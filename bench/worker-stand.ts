import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import {
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { connectTemporal } from '../client/connect.ts';
import { startDevServer } from '../local/temporal/dev-server.ts';
import { findTemporalCli } from '../local/temporal/find-cli.ts';
import { preloadModules } from '../worker/combined-workflows.ts';
import { type Configuration, readConfiguration } from '../worker/configuration/index.ts';
import { HEARTBEAT_THROTTLE, sessionWorkOf } from '../worker/plugin.ts';
import { sessionSinks } from '../worker/sinks.ts';
import { BUILD_ID } from '../worker/version.ts';
import { endAtExit } from './ground.ts';
import { startModel } from './model-process.ts';

/** A dev server with local mode's settings, a model server in a process of its own, and a worker in this one. */
export interface WorkerStand {
  client: Client;
  taskQueue: string;
  /** URL of the model server. */
  modelUrl: string;
  /** What `temporal --version` printed. */
  server: string;
  serverPid: number;
  stop(): Promise<void>;
}

type Activities = Awaited<ReturnType<typeof sessionWorkOf>>['activities'];

export async function startWorkerStand(options: {
  /** Program of the model server, which prints its URL, and its arguments. */
  model: string[];
  workflowsPath: string;
  /** The worker's activities: ours, and what is measured in them or beside them. */
  activities: (ours: Activities, configuration: Configuration) => object;
  worker?: Pick<WorkerOptions, 'interceptors' | 'maxConcurrentActivityTaskExecutions' | 'maxCachedWorkflows'>;
  say: (line: string) => void;
}): Promise<WorkerStand> {
  const folder = mkdtempSync(join(tmpdir(), 'deep-research-bench-'));
  const undo: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const cli = await findTemporalCli({ onProgress: options.say });
    const server = await startDevServer({ stateDir: join(folder, 'server'), cli: cli.path, port: 0, uiPort: 0 });
    endAtExit(server);
    undo.push(() => server.stop());
    const model = await startModel(options.model);
    undo.push(() => model.stop());
    const corpus = join(folder, 'documents');
    mkdirSync(corpus);
    const configuration = readConfiguration({
      LLM_SERVER_BASE_ENDPOINT_URL: model.url,
      LLM_SERVER_MODEL_NAME: 'bench',
      DEEP_RESEARCH_CORPUS_DIR: corpus,
      DEEP_RESEARCH_STATE_DIR: join(folder, 'state'),
    });
    // Payloads beyond the size that the SDK warns of are a part of what is measured.
    const quiet = { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } };
    Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: quiet, shutdownSignals: [] });
    const connection = await NativeConnection.connect({ address: server.address });
    undo.push(() => connection.close());
    const worker = await Worker.create({
      connection,
      taskQueue: configuration.taskQueue,
      buildId: BUILD_ID,
      sinks: sessionSinks,
      workflowsPath: options.workflowsPath,
      bundlerOptions: { preloadModules },
      activities: options.activities((await sessionWorkOf(configuration)).activities, configuration),
      maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
      defaultHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
      ...options.worker,
    });
    const running = worker.run();
    undo.push(async () => {
      worker.shutdown();
      await running;
    });
    const connected = await connectTemporal({ address: server.address });
    undo.push(() => connected.close());
    return {
      client: connected.client,
      taskQueue: configuration.taskQueue,
      modelUrl: model.url,
      server: cli.version,
      serverPid: server.pid,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
