import { json } from 'node:stream/consumers';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { workflowsPath } from '../combined-workflows.ts';
import { readConfiguration } from '../configuration/index.ts';
import { dataConverterOf } from '../data-converter.ts';
import { silentSinks } from '../sinks.ts';

/**
 * Replays the history on standard input against this code and prints one JSON object: `{"replays": true}`, or
 * `{"replays": false, "message": …}` where the code does other things than the history says. Exit code 1 where it
 * could not be tried.
 */
const logger = new DefaultLogger('ERROR', () => {});
Runtime.install({
  logger,
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'OFF' as 'ERROR' }) } },
});

try {
  const dataConverter = dataConverterOf(readConfiguration(process.env, { needsModel: false }));
  const history = historyFromJSON(await json(process.stdin));
  await Worker.runReplayHistory({ workflowsPath, sinks: silentSinks, dataConverter }, history);
  console.log(JSON.stringify({ replays: true }));
} catch (error) {
  if (error instanceof DeterminismViolationError)
    console.log(JSON.stringify({ replays: false, message: error.message }));
  else {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
