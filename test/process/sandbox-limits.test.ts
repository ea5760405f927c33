import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { SandboxLimits } from '../../activities/sandbox/sandbox.ts';
import { isGone, setUp } from './sandbox-setup.ts';

let place: Awaited<ReturnType<typeof setUp>> | undefined;
afterEach(() => place?.tearDown());

const systemTasks = () => Number(/\/(\d+)/.exec(readFileSync('/proc/loadavg', 'latin1'))![1]);

async function setUpWith(limits: Partial<SandboxLimits>) {
  place = await setUp(limits);
  return place;
}

describe('time', () => {
  const RELATIVES = {
    'a child': 'sleep 300 & echo $! >>pids',
    'a grandchild': '(sleep 300 & echo $! >>pids; wait) &',
    'one that ignores TERM': `bash -c 'trap "" TERM; echo $$ >>pids; while :; do sleep 1; done' &`,
    'one in a session of its own': `setsid bash -c 'echo $$ >>pids; exec sleep 300' &`,
    'one whose parent is gone': `(setsid bash -c 'echo $$ >>pids; trap "" TERM; while :; do sleep 1; done' &)`,
    'one with job control': `bash -mc 'sleep 300 & echo $! >>pids; wait' &`,
  };
  it.each(Object.entries(RELATIVES))('ends %s with the command', async (_, script) => {
    const { run, lines } = await setUpWith({ wallSeconds: 2, graceSeconds: 1 });
    const outcome = await run('r1c1', `${script}\necho before; wait; sleep 300`);
    expect(outcome).toMatchObject({ outcome: 'timed-out', timedOut: true, stdout: 'before\n' });
    expect(outcome.notes.join()).toContain('after 2 seconds');
    expect(lines('pids')).toHaveLength(1);
    expect(lines('pids').map(Number).every(isGone)).toBe(true);
    expect(place!.alive('r1c1')).toEqual([]);
  });

  it('gives a command time to end well', async () => {
    const { run } = await setUpWith({ wallSeconds: 1, graceSeconds: 20 });
    const outcome = await run('r1c1', `trap 'echo tidied; exit 0' TERM; while :; do sleep 0.1; done`);
    expect(outcome).toMatchObject({ outcome: 'timed-out', stdout: 'tidied\n' });
  });

  it('ends what a finished command left in the background, and says so', async () => {
    const { run, lines } = await setUpWith({});
    const outcome = await run('r1c1', 'sleep 300 & echo $! >pids; echo done');
    expect(outcome).toMatchObject({ outcome: 'finished', exitCode: 0, stdout: 'done\n' });
    expect(outcome.notes).toEqual(['1 background process(es) were stopped at the end of the call.']);
    expect(isGone(Number(lines('pids')[0]))).toBe(true);
  });
});

describe('processes', { timeout: 120_000 }, () => {
  it('ends a fork bomb', async () => {
    const { run } = await setUpWith({ processes: 40, wallSeconds: 60 });
    let most = 0;
    const before = systemTasks();
    const watch = setInterval(() => {
      most = Math.max(most, systemTasks());
    }, 10);
    const outcome = await run('r1c1', 'bomb() { bomb | bomb & }; bomb; sleep 300');
    clearInterval(watch);
    // Some hundred until it is seen; unbounded it goes to the system's limit of 32,768 and above.
    expect(most - before).toBeLessThan(10_000);
    expect(outcome.outcome).toBe('killed');
    expect(outcome.notes.join()).toContain('more than 40 processes');
    expect(place!.alive('r1c1')).toEqual([]);
    expect(await run('r1c2', 'echo still here')).toMatchObject({ stdout: 'still here\n' });
  });
});

describe('memory and files', () => {
  it('refuses memory above the limit', async () => {
    const { run } = await setUpWith({ memoryBytes: 512 * 2 ** 20 });
    const script = (megabytes: number) => `print(len(bytearray(${megabytes} * 2**20)))`;
    expect(await run('r1c1', script(100), { language: 'python' })).toMatchObject({ exitCode: 0 });
    const refused = await run('r1c2', script(600), { language: 'python' });
    expect(refused).toMatchObject({ outcome: 'finished', exitCode: 1 });
    expect(refused.stderr).toContain('MemoryError');
  });

  it('refuses files above the limit', async () => {
    const { run, workspace } = await setUpWith({ fileBytes: 1_048_576 });
    const outcome = await run('r1c1', 'head -c 3000000 /dev/zero >big');
    expect(outcome).toMatchObject({ outcome: 'finished' });
    expect(outcome.exitCode).not.toBe(0);
    expect(statSync(join(workspace, 'big')).size).toBe(1_048_576);
  });
});

describe('output', { timeout: 120_000 }, () => {
  it('keeps a bounded part of 400 MB, in bounded memory', async () => {
    const { run, workspace, lines } = await setUpWith({});
    const outcome = await run(
      'r1c1',
      `echo first; head -c 400000000 /dev/zero | tr '\\0' x; echo; echo last
       grep VmHWM /proc/$PPID/status | tr -dc 0-9 >runner-kilobytes`,
    );
    expect(outcome).toMatchObject({ outcome: 'finished', exitCode: 0, truncated: true });
    expect(outcome.stdout).toMatch(/^first\nxxx/);
    expect(outcome.stdout).toMatch(/xxx\nlast\n$/);
    expect(outcome.stdout.length).toBeLessThan(20_300);
    expect(outcome.outputFile).toEqual({ stdout: '.calls/r1c1/stdout.txt' });
    expect(outcome.stdout).toContain('.calls/r1c1/stdout.txt');
    const kept = statSync(join(workspace, '.calls/r1c1/stdout.txt')).size;
    expect(kept).toBeGreaterThan(9_900_000);
    expect(kept).toBeLessThan(10_000_200);
    expect(outcome.notes).toEqual(['Of stdout (400000012 bytes) only 10000000 bytes were kept.']);
    // Measured: 85 MB with no output, 160 MB with any amount from 200 MB to 3 GB.
    expect(Number(lines('runner-kilobytes')[0])).toBeLessThan(280_000);
  });

  it('does not follow a link that stands where the whole output goes', async () => {
    const { run, stateDir } = await setUpWith({ shownCharacters: 100 });
    const outcome = await run('r1c1', `ln -s ${stateDir} .calls; seq 1000`);
    expect(outcome).toMatchObject({ outcome: 'finished', truncated: true });
    expect(outcome.outputFile).toBeUndefined();
    expect(() => statSync(join(stateDir, 'r1c1'))).toThrow('ENOENT');
  });
});
