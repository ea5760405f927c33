import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { DefaultLogger, makeTelemetryFilterString, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { connectTemporal } from '../../client/connect.ts';
import { startDevServer } from '../../local/temporal/dev-server.ts';
import { findTemporalCli } from '../../local/temporal/find-cli.ts';
import { readConfiguration } from '../../worker/configuration/index.ts';
import { activitiesOf } from '../../worker/plugin.ts';
import { sessionSinks } from '../../worker/sinks.ts';
import { BUILD_ID } from '../../worker/version.ts';
import { makeBenchActivities, makeInstantSearch } from './activities.ts';
import { type Laps, makeLaps } from './laps.ts';
import { type Meter, meterHttp, meterQueries } from './meters.ts';

/** Everything a measurement runs on. */
export interface Stand {
  client: Client;
  taskQueue: string;
  laps: Laps;
  model: Meter;
  queries: Meter;
  /** What `temporal --version` printed. */
  server: string;
  stop(): Promise<void>;
}

const MODEL = fileURLToPath(new URL('./instant-model.ts', import.meta.url));

/** A dev server with local mode's settings, a model server in a process of its own, and a worker in this one. */
export async function startStand(options: {
  lapRounds: number;
  /** Rounds of a session before its answer. */
  rounds: number;
  replyCharacters: number;
  resultCharacters: number;
  say: (line: string) => void;
}): Promise<Stand> {
  const folder = mkdtempSync(join(tmpdir(), 'deep-research-bench-'));
  const undo: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const cli = await findTemporalCli({ onProgress: options.say });
    const server = await startDevServer({ stateDir: join(folder, 'server'), cli: cli.path, port: 0, uiPort: 0 });
    undo.push(() => server.stop());
    const model = await startModel(options.rounds, options.replyCharacters);
    undo.push(() => model.stop());
    const corpus = join(folder, 'documents');
    mkdirSync(corpus);
    const configuration = readConfiguration({
      LLM_SERVER_BASE_ENDPOINT_URL: model.url,
      LLM_SERVER_MODEL_NAME: 'instant',
      DEEP_RESEARCH_CORPUS_DIR: corpus,
      DEEP_RESEARCH_STATE_DIR: join(folder, 'state'),
    });
    const laps = makeLaps(options.lapRounds);
    const http = meterHttp();
    const { meter: queries, interceptor } = meterQueries();
    // The naive design's payloads are beyond the size that the SDK warns of: that is what is measured.
    const quiet = { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } };
    Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: quiet, shutdownSignals: [] });
    const connection = await NativeConnection.connect({ address: server.address });
    undo.push(() => connection.close());
    const worker = await Worker.create({
      connection,
      taskQueue: configuration.taskQueue,
      buildId: BUILD_ID,
      sinks: sessionSinks,
      workflowsPath: fileURLToPath(new URL('./workflows.ts', import.meta.url)),
      activities: {
        ...(await activitiesOf(configuration)),
        ...makeBenchActivities(laps),
        search: makeInstantSearch(
          laps,
          { rounds: options.rounds, characters: options.resultCharacters },
          configuration.stateDir,
        ),
      },
      interceptors: { client: { workflow: [interceptor] } },
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
      laps,
      model: http,
      queries,
      server: cli.version,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Its work must not be done by the process that is measured. */
async function startModel(rounds: number, characters: number): Promise<{ url: string; stop: () => Promise<void> }> {
  const child = spawn(process.execPath, [MODEL, String(rounds), String(characters)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for await (const url of createInterface({ input: child.stdout })) {
    return {
      url,
      async stop() {
        child.kill('SIGTERM');
        await exited;
      },
    };
  }
  throw new Error('The model server ended before it was ready.');
}
