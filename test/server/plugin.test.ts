import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WORKFLOW } from '../../protocol/names.ts';
import { combineWorkflows, workflowsPath } from '../../worker/combined-workflows.ts';
import { readConfiguration } from '../../worker/configuration/index.ts';
import { type DeepResearchPlugin, deepResearchPlugin } from '../../worker/plugin.ts';
import { openSessions, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

const theirs = fileURLToPath(new URL('../support/foreign/workflows.ts', import.meta.url));

let sessions: Sessions;
let connection: NativeConnection;
let plugin: DeepResearchPlugin;

beforeAll(async () => {
  sessions = await openSessions();
  connection = await NativeConnection.connect({ address: sessions.address });
  plugin = await deepResearchPlugin({ configuration: readConfiguration(sessions.env) });
}, START_LIMIT_MS);

afterAll(async () => {
  await connection?.close();
  await sessions?.close();
});

/** Runs a worker of somebody else's, with the plugin, for as long as `work` takes. */
async function withWorker<T>(options: Partial<WorkerOptions>, work: () => Promise<T>): Promise<T> {
  const { taskQueue } = sessions;
  const worker = await Worker.create({ connection, taskQueue, plugins: [plugin], ...options });
  return worker.runUntil(work());
}

const run = (type: string, ...args: unknown[]) =>
  sessions.client.workflow.execute(type, {
    taskQueue: sessions.taskQueue,
    workflowId: `plugin-${type}-${Math.random()}`,
    args,
  });

const allThree = async () => {
  expect(await run('greet', 'Ada')).toBe('Hello, Ada');
  expect(await run('unheardOf')).toBe('anything');
  expect(await run(WORKFLOW.session, 'What is a tide?')).toMatchObject({ answer: expect.stringMatching(/\S/) });
};

test('a worker with workflows and activities of its own gains a session by one line', async () => {
  await withWorker({ workflowsPath: theirs, activities: { add: async (a: number, b: number) => a + b } }, allThree);
});

test('a worker without workflows gains them as well', async () => {
  await withWorker({}, async () => {
    expect(await run(WORKFLOW.session, 'What is a tide?')).toMatchObject({ stopReason: 'no_tool_calls' });
  });
});

test('a bundle made ahead of time with the plugin holds both', async () => {
  const logger = new DefaultLogger('ERROR');
  const workflowBundle = await bundleWorkflowCode({ workflowsPath: theirs, plugins: [plugin], logger });
  await withWorker({ workflowBundle }, allThree);
});

test('a bundle made without the plugin is refused with what to do', async () => {
  const workflowBundle = await bundleWorkflowCode({ workflowsPath: theirs, logger: new DefaultLogger('ERROR') });
  await expect(withWorker({ workflowBundle }, async () => {})).rejects.toThrow(
    'workflowBundle lacks the workflow deepResearch; give the plugin to bundleWorkflowCode as well',
  );
});

test('an activity of the same name is refused and named', async () => {
  await expect(withWorker({ activities: { search: async () => {} } }, async () => {})).rejects.toThrow(
    'the worker has an activity "search" of its own',
  );
});

test('combining is done once for a path, and never with itself', () => {
  const combined = combineWorkflows(theirs);
  expect(combineWorkflows(theirs)).toBe(combined);
  expect(combineWorkflows(combined)).toBe(combined);
  expect(combineWorkflows(workflowsPath)).toBe(workflowsPath);
  expect(combineWorkflows()).toBe(workflowsPath);
});
