import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { endIdle } from '../../activities/sandbox/end-idle.ts';
import type { CommandOutcome, Sandbox } from '../../activities/sandbox/sandbox.ts';

const OUTCOME: CommandOutcome = {
  outcome: 'finished',
  exitCode: 0,
  stdout: '',
  stderr: '',
  timedOut: false,
  truncated: false,
  notes: [],
};

function stand(idleMs: number) {
  const ended: string[] = [];
  const waiting = new Map<string, () => void>();
  const sandbox: Sandbox = {
    supports: async () => true,
    run: ({ callId }) => new Promise((resolve) => waiting.set(callId, () => resolve(OUTCOME))),
    end: async (workspace) => void ended.push(workspace),
  };
  const idle = endIdle(sandbox, idleMs);
  const context = { signal: new AbortController().signal, stopMeansKill: () => true };
  const run = (callId: string, workspace: string) =>
    idle.run({ callId, workspace, language: 'bash', script: '' }, context);
  return { ended, idle, run, finish: (callId: string) => waiting.get(callId)?.() };
}

test('a workspace is ended when nothing has run in it for a while, and not before', async () => {
  const { ended, run, finish } = stand(50);
  const first = run('a', '/one');
  const second = run('b', '/one');
  finish('a');
  await first;
  await sleep(120);
  expect(ended).toEqual([]);
  finish('b');
  await second;
  const third = run('c', '/one');
  await sleep(120);
  expect(ended).toEqual([]);
  finish('c');
  await third;
  while (ended.length === 0) await sleep(10);
  expect(ended).toEqual(['/one']);
});

test('closing ends all', async () => {
  const { ended, idle, run, finish } = stand(60_000);
  const runs = [run('a', '/one'), run('b', '/two')];
  for (const callId of ['a', 'b']) finish(callId);
  await Promise.all(runs);
  await idle.close();
  expect(ended.sort()).toEqual(['/one', '/two']);
});
