import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import {
  bundleWorkflowCode,
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  Worker,
  type WorkflowBundle,
} from '@temporalio/worker';
import { beforeAll, describe, expect, test } from 'vitest';
import { preloadModules } from '../../worker/combined-workflows.ts';
import { silentSinks } from '../../worker/sinks.ts';
import { SHAPES } from './shapes.ts';

const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const files = readdirSync(pathOf('histories')).filter((name) => name.endsWith('.json'));
const history = (file: string) => historyFromJSON(JSON.parse(readFileSync(pathOf(`histories/${file}`), 'utf8')));
const nameOf = (file: string) => file.split('.', 1)[0] as string;

const logger = new DefaultLogger('ERROR');
// Without the warnings of the replays that have to fail.
Runtime.install({ logger, telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } } });

const bundle = (path: string) => bundleWorkflowCode({ workflowsPath: pathOf(path), preloadModules, logger });
const replay = (workflowBundle: WorkflowBundle, file: string) =>
  Worker.runReplayHistory({ workflowBundle, sinks: silentSinks }, history(file), nameOf(file));

test('there is a history of every shape of session', () => {
  expect(new Set(files.map(nameOf))).toEqual(new Set(Object.keys(SHAPES)));
});

describe('the workflow as it is', () => {
  let sound: WorkflowBundle;
  beforeAll(async () => {
    sound = await bundle('../../workflows/index.ts');
  });

  test.each(files)('replays %s', async (file) => {
    await replay(sound, file);
  });
});

describe('a workflow that gives one command more', () => {
  let broken: WorkflowBundle;
  beforeAll(async () => {
    broken = await bundle('broken-workflow.ts');
  });

  test.each(files)('does not replay %s', async (file) => {
    await expect(replay(broken, file)).rejects.toThrow(/nondeterminism|determinism/i);
  });
});
