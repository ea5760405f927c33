import { expect, test } from 'vitest';
import { isOver } from '../../worker/sandbox-janitor.ts';

const OWNER = { namespace: 'default', taskQueue: 'q', workflowId: 'w', runId: 'run-2' };
const RUNNING = 1;
const TERMINATED = 5;
const CONTINUED = 6;

interface Run {
  status: number;
  firstRunId?: string;
}

/** A server that knows these runs of the workflow; the last is the newest. */
function server(runs: Record<string, Run>, error?: unknown) {
  const describeWorkflowExecution = async ({ execution }: { execution: { runId?: string } }) => {
    if (error) throw error;
    const runId = execution.runId ?? Object.keys(runs).at(-1) ?? '';
    const run = runs[runId];
    if (!run) throw Object.assign(new Error('not found'), { code: 5 });
    return { workflowExecutionInfo: { ...run, execution: { runId } } };
  };
  return { workflowService: { describeWorkflowExecution } } as unknown as Parameters<typeof isOver>[0];
}

test.each<[string, Record<string, Run>, boolean]>([
  ['runs', { 'run-2': { status: RUNNING, firstRunId: 'run-2' } }, false],
  ['was terminated', { 'run-2': { status: TERMINATED, firstRunId: 'run-2' } }, true],
  ['is not known', {}, true],
  [
    'went on as new',
    { 'run-2': { status: CONTINUED, firstRunId: 'run-1' }, 'run-3': { status: RUNNING, firstRunId: 'run-1' } },
    false,
  ],
  [
    'has given its id to another',
    { 'run-2': { status: TERMINATED, firstRunId: 'run-2' }, 'run-3': { status: RUNNING, firstRunId: 'run-3' } },
    true,
  ],
  ['runs on a server that tells less', { 'run-2': { status: TERMINATED }, 'run-3': { status: RUNNING } }, false],
])('a session that %s', async (_, runs, over) => {
  expect(await isOver(server(runs), OWNER)).toBe(over);
});

test('a server that does not answer tells nothing', async () => {
  const away = Object.assign(new Error('unavailable'), { code: 14 });
  expect(await isOver(server({}, away), OWNER)).toBeUndefined();
});
