import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cleanupCalls } from '../../activities/workspace/cleanup-calls.ts';
import { isGone, setUp, until } from './sandbox-setup.ts';

let place: Awaited<ReturnType<typeof setUp>>;
beforeEach(async () => {
  place = await setUp({ graceSeconds: 1 });
});
afterEach(() => place.tearDown());

const LONG = 'echo $$ >>pids; sleep 300; echo ended >>log';
const started = () => until('the command runs', () => place.lines('pids').length > 0);

describe('a request to cancel', () => {
  it('ends the command, which is recorded and not repeated', async () => {
    const stop = new AbortController();
    const waiting = place.run('r1c1', LONG, { signal: stop.signal });
    await started();
    stop.abort(new CancelledFailure('CANCELLED'));
    expect(await waiting).toMatchObject({ outcome: 'killed', exitCode: null });
    expect(place.alive('r1c1')).toEqual([]);
    expect(await place.run('r1c1', LONG)).toMatchObject({ outcome: 'killed' });
    expect(place.lines('pids')).toHaveLength(1);
    expect(place.exists('log')).toBe(false);
  });

  it('reaches a command that another attempt started', async () => {
    const first = place.run('r1c1', LONG);
    await started();
    const stop = new AbortController();
    const second = place.run('r1c1', LONG, { signal: stop.signal });
    stop.abort(new CancelledFailure('CANCELLED'));
    expect((await Promise.all([first, second])).map((outcome) => outcome.outcome)).toEqual(['killed', 'killed']);
  });

  it('that is there already lets nothing run', async () => {
    const reason = new CancelledFailure('CANCELLED');
    await expect(place.run('r1c1', LONG, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(place.callFolder('r1c1')).toBeUndefined();
  });

  it('at any early moment either keeps the command from running or ends it', async () => {
    for (const [index, ms] of [1, 20, 40, 60, 80, 100, 120, 150].entries()) {
      const stop = new AbortController();
      const callId = `r${index}c1`;
      const waiting = place.run(callId, `echo $$ >>pids${index}; sleep 300`, { signal: stop.signal });
      const settled = waiting.then(
        (outcome) => outcome.outcome,
        () => 'rejected',
      );
      await sleep(ms);
      stop.abort(new CancelledFailure('CANCELLED'));
      expect(['killed', 'rejected']).toContain(await settled);
      // Long enough for a runner that was starting to do what it must not.
      await sleep(300);
      expect(place.lines(`pids${index}`).map(Number).every(isGone)).toBe(true);
    }
  });
});

describe('a shutdown of the worker', () => {
  it('leaves the command to the next attempt', async () => {
    const script = 'echo once >>log; until [ -e go ]; do sleep 0.05; done; echo ended';
    const stop = new AbortController();
    const reason = new CancelledFailure('WORKER_SHUTDOWN');
    const waiting = place.run('r1c1', script, { signal: stop.signal });
    await until('the command runs', () => place.exists('log'));
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(place.alive('r1c1').length).toBeGreaterThan(0);

    const next = place.run('r1c1', script);
    await place.run('r1c2', 'touch go');
    expect(await next).toMatchObject({ outcome: 'finished', stdout: 'ended\n' });
    expect(place.lines('log')).toEqual(['once']);
  });
});

describe('the end of a session', () => {
  it('ends what runs and removes the records', async () => {
    const stop = new AbortController();
    const waiting = place.run('r1c1', LONG, { signal: stop.signal });
    await started();
    stop.abort(new CancelledFailure('WORKER_SHUTDOWN'));
    await expect(waiting).rejects.toThrow('WORKER_SHUTDOWN');
    const runner = place.claim('r1c1')!.runner.pid;

    await cleanupCalls(place.stateDir, 'session');
    await until('the runner is gone', () => isGone(runner));
    expect(place.lines('pids').map(Number).every(isGone)).toBe(true);
    expect(existsSync(join(place.stateDir, 'calls', 'session'))).toBe(false);
    await cleanupCalls(place.stateDir, 'session');
  });
});
