import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { z } from 'zod';
import { defineTool } from '../../activities/tools/own-tool.ts';
import { readConfiguration } from '../../worker/configuration/index.ts';
import { runWorker } from '../../worker/run.ts';
import { BUILD_ID } from '../../worker/version.ts';
import { prose } from '../history/prose.ts';
import { SIZES, TOOL } from './sizes.ts';

/**
 * The worker that is measured, in a process of its own: `ours` is the worker program with a tool that does nothing,
 * `bare` one of Temporal's own with two activities that do nothing, and as many slots. Tells its parent when it is
 * ready. Arguments: which, and the seconds of a bare loop's model call.
 */
const [which, seconds = '0'] = process.argv.slice(2);
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();

export interface BareActivities {
  benchThink(): Promise<void>;
  benchAct(): Promise<void>;
}

if (which === 'ours') await runOurs();
else await runBare(Number(seconds));

async function runOurs(): Promise<void> {
  const text = prose(1, SIZES.result);
  const lamps = defineTool({
    name: TOOL,
    description: 'Tells what is known about the lamps.',
    arguments: z.object({ about: z.string() }),
    run: () => text,
  });
  await runWorker(readConfiguration(), { tools: [lamps], onReady: () => process.send?.('ready') });
}

async function runBare(thinks: number): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: ['SIGINT', 'SIGTERM'] });
  const { taskQueue, worker: limits } = readConfiguration();
  const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS ?? '' });
  const gate = Promise.withResolvers<void>();
  let opened = false;
  let waiting = 0;
  process.on('message', (message) => {
    if (message === 'waiting') process.send?.({ waiting });
    else {
      opened = true;
      gate.resolve();
    }
  });
  const activities: BareActivities = {
    async benchThink() {
      if (opened) {
        if (thinks > 0) await sleep(thinks * 1000 * (0.5 + Math.random()));
        return;
      }
      waiting += 1;
      await gate.promise;
      waiting -= 1;
    },
    benchAct: async () => {},
  };
  const worker = await Worker.create({
    connection,
    taskQueue,
    buildId: BUILD_ID,
    workflowsPath: fileURLToPath(new URL('./workflows.ts', import.meta.url)),
    activities,
    maxCachedWorkflows: limits.maxCachedWorkflows,
    maxConcurrentActivityTaskExecutions: limits.maxConcurrentInferences,
  });
  process.send?.('ready');
  await worker.run();
  await connection.close();
}
