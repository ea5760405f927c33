import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CommandOutcome } from '../../activities/sandbox/sandbox.ts';
import { startDocker, type TestDocker } from '../support/docker/daemon.ts';
import { type Place, settingsWith, setUp } from './place.ts';

const ATTEMPT = fileURLToPath(new URL('./attempt.ts', import.meta.url));
/** Sessions side by side, and commands in each: thirty in all. */
const LANES = 3;
const CALLS = 10;
const LINES = 15;

const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);
const random = generator(seed);

/** Appends its lines to `log`, one after another; takes about half a second. */
const script = (call: number) => `for i in $(seq ${LINES}); do echo "${call}:$i" >>log; sleep 0.03; done; echo ended`;
const linesOf = (call: number, count = LINES) => Array.from({ length: count }, (_, line) => `${call}:${line + 1}`);

async function inLanes(work: (place: Place) => Promise<void>): Promise<void> {
  const places = await Promise.all(Array.from({ length: LANES }, () => setUp({ memoryBytes: 128 * 2 ** 20 })));
  try {
    await Promise.all(places.map(work));
  } finally {
    await Promise.all(places.map((place) => place.tearDown()));
  }
}

describe('30 times at random moments', { timeout: 560_000 }, () => {
  let docker: TestDocker;
  beforeAll(async () => {
    console.log(`SANDBOX_TEST_SEED=${seed}`);
    docker = await startDocker();
  });
  afterAll(() => docker?.close());

  it('the worker is killed: every line is there once, in order', async () => {
    const killed = { running: 0, 'before or after': 0 };
    await inLanes(async (place) => {
      for (let call = 1; call <= CALLS; call++) {
        const victim = attempt(place, call);
        const count = () => place.lines('log').filter((line) => line.startsWith(`${call}:`)).length;
        // Any moment, and for every other one in mid-command for sure.
        if (call % 2 === 0) await sleep(random() * 1500);
        else while (count() === 0) await sleep(5);
        if (call % 2 === 1) await sleep(random() * 300);
        const lines = count();
        killed[lines > 0 && lines < LINES ? 'running' : 'before or after']++;
        await victim.kill();
        expect(await attempt(place, call).outcome()).toMatchObject({ outcome: 'finished', stdout: 'ended\n' });
      }
      expect(place.lines('log')).toEqual(Array.from({ length: CALLS }, (_, call) => linesOf(call + 1)).flat());
    });
    console.log('killed', killed);
    expect(killed.running).toBeGreaterThan(0);
  });

  it('the container is killed: no line is there twice, the model is told, the next command runs', async () => {
    const outcomes = { finished: 0, unknown: 0 };
    await inLanes(async (place) => {
      const expected: string[] = [];
      for (let call = 1; call <= CALLS; call++) {
        const running = place.run(`r${call}c1`, script(call));
        await sleep(200 + random() * 1000);
        // There may be none yet.
        await docker.docker
          .getContainer(place.container)
          .kill()
          .catch(() => {});
        const { outcome } = await running;
        expect(await place.run(`r${call}c1`, script(call))).toMatchObject({ outcome });
        outcomes[outcome as keyof typeof outcomes]++;
        const lines = place.lines('log').filter((line) => line.startsWith(`${call}:`)).length;
        if (outcome === 'finished') expect(lines).toBe(LINES);
        expected.push(...linesOf(call, lines));
      }
      expect(place.lines('log').filter(Boolean)).toEqual(expected);
    });
    console.log('outcomes', outcomes);
    expect(outcomes.unknown).toBeGreaterThan(0);
    expect(outcomes.finished + outcomes.unknown).toBe(LANES * CALLS);
  });

  it('of several attempts at once one runs the command, and all have its outcome', async () => {
    const place = await setUp();
    const command = 'echo once >>log; sleep 0.5; echo $$';
    const outcomes = await Promise.all([
      ...Array.from({ length: 2 }, () => attempt(place, 1, command).outcome()),
      ...Array.from({ length: 3 }, () => place.run('r1c1', command)),
    ]);
    expect(place.lines('log'), JSON.stringify(outcomes)).toEqual(['once']);
    expect(new Set(outcomes.map(({ stdout }) => stdout)).size).toBe(1);
    await place.tearDown();
  });
});

describe('the daemon of Docker', { timeout: 300_000 }, () => {
  let docker: TestDocker;
  let place: Place;
  const open = async (flags?: string[]) => {
    docker = await startDocker({ flags });
    place = await setUp();
  };
  afterEach(async () => {
    await place?.tearDown();
    await docker?.close();
  });

  async function during(command: string, happens: () => Promise<void>): Promise<CommandOutcome> {
    const running = place.run('r1c1', command);
    while (!place.lines('log').includes('begun')) await sleep(20);
    await happens();
    return running;
  }

  it.each([
    'SIGTERM',
    'SIGKILL',
  ] as const)('restarts in mid-command (%s): not repeated, told, and it goes on', async (signal) => {
    await open();
    const command = 'echo begun >>log; echo shown; sleep 60; echo ended >>log';
    expect(await during(command, () => docker.restart(signal))).toMatchObject({
      outcome: 'unknown',
      stdout: 'shown\n',
    });
    expect(await place.run('r1c1', command)).toMatchObject({ outcome: 'unknown' });
    expect(await place.run('r2c1', 'cat log')).toMatchObject({ outcome: 'finished', stdout: 'begun\n' });
  });

  it('restarts with live-restore: the command is found and waited for', async () => {
    await open(['--live-restore']);
    const command = 'echo begun >>log; for i in $(seq 50); do sleep 0.1; done; echo ended >>log; echo shown';
    expect(await during(command, () => docker.restart('SIGKILL'))).toMatchObject({
      outcome: 'finished',
      stdout: 'shown\n',
    });
    expect(place.lines('log')).toEqual(['begun', 'ended']);
  });

  it('is away when a command is to start: it is waited for', async () => {
    await open();
    await place.run('r1c1', 'echo begun >>log');
    const restarting = docker.restart('SIGTERM');
    await sleep(300);
    expect(await place.run('r2c1', 'cat log')).toMatchObject({ outcome: 'finished', stdout: 'begun\n' });
    await restarting;
  });
});

function attempt(place: Place, call: number, command = script(call)) {
  const request = { callId: `r${call}c1`, workspace: place.workspace, language: 'bash', script: command };
  const settings = settingsWith({ memoryBytes: 128 * 2 ** 20 });
  const args = [ATTEMPT, place.stateDir, JSON.stringify(settings), JSON.stringify(request)];
  // A group of its own, to be killed as a whole like that of a terminal.
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const output = text(child.stdout);
  return {
    outcome: async () => JSON.parse(await output) as CommandOutcome,
    async kill() {
      if (child.exitCode !== null) return;
      process.kill(-child.pid!, 'SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** Random numbers from 0 to 1 that a seed repeats (mulberry32). */
function generator(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
