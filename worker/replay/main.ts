import { createInterface } from 'node:readline';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import {
  bundleWorkflowCode,
  DefaultLogger,
  makeTelemetryFilterString,
  type ReplayWorkerOptions,
  Runtime,
  Worker,
} from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { workflowsPath } from '../combined-workflows.ts';
import { readConfiguration } from '../configuration/index.ts';
import { dataConverterOf } from '../data-converter.ts';
import { silentSinks } from '../sinks.ts';

/**
 * Replays histories, each a line of JSON on standard input, against this code and prints a line of JSON for each:
 * `{"replays": true}`, or `{"replays": false, "message": …}` where the code does other things than the history says.
 * Exit code 1 where one could not be tried.
 */
const logger = new DefaultLogger('ERROR', () => {});
Runtime.install({
  logger,
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'OFF' as 'ERROR' }) } },
});

try {
  const dataConverter = dataConverterOf(readConfiguration(process.env, { needsModel: false }));
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger });
  for await (const line of createInterface({ input: process.stdin })) {
    const options = { workflowBundle, sinks: silentSinks, dataConverter };
    console.log(JSON.stringify(await verdict(options, JSON.parse(line))));
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function verdict(options: ReplayWorkerOptions, history: unknown): Promise<object> {
  try {
    await Worker.runReplayHistory(options, historyFromJSON(history));
    return { replays: true };
  } catch (error) {
    if (error instanceof DeterminismViolationError) return { replays: false, message: error.message };
    throw error;
  }
}
