import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CommandOutcome, SandboxCommand } from '../../activities/sandbox/sandbox.ts';
import { setUp, until } from './sandbox-setup.ts';

const ATTEMPT = fileURLToPath(new URL('./sandbox-attempt.ts', import.meta.url));
const CALLS = 30;
const LINES = 20;
const QUIET = { throwIfNoEntry: false } as const;

let place: Awaited<ReturnType<typeof setUp>>;
beforeEach(async () => {
  place = await setUp();
});
afterEach(() => place.tearDown());

function attempt(command: Omit<SandboxCommand, 'workspace' | 'language'>) {
  const input = JSON.stringify({ ...command, workspace: place.workspace, language: 'bash' });
  // A group of its own, to be killed as a whole like that of a terminal.
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const child = spawn(process.execPath, [ATTEMPT, place.stateDir, input], { stdio: [...stdio], detached: true });
  const output = text(child.stdout);
  return { child, outcome: async () => JSON.parse(await output) as CommandOutcome };
}

it(`runs each command once while its worker is killed at random moments`, { timeout: 300_000 }, async () => {
  const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);
  console.log(`SANDBOX_TEST_SEED=${seed}`);
  const random = generator(seed);
  const killed = { 'before the claim': 0, running: 0, 'after the end': 0 };

  for (let call = 1; call <= CALLS; call++) {
    const callId = `r${call}c1`;
    const script = `for i in $(seq ${LINES}); do echo "${call}:$i" >>log; sleep 0.02; done; echo ended`;
    for (let kills = 1 + Math.floor(random() * 2); kills > 0; kills--) {
      const victim = attempt({ callId, script });
      await sleep(random() * 900);
      killed[place.result(callId) ? 'after the end' : place.claim(callId) ? 'running' : 'before the claim']++;
      if (victim.child.exitCode !== null) continue;
      process.kill(-victim.child.pid!, 'SIGKILL');
      await once(victim.child, 'exit');
    }
    expect(await attempt({ callId, script }).outcome()).toMatchObject({
      outcome: 'finished',
      exitCode: 0,
      stdout: 'ended\n',
    });
  }

  console.log('killed', killed);
  expect(killed.running).toBeGreaterThan(0);
  const expected = Array.from({ length: CALLS }, (_, call) =>
    Array.from({ length: LINES }, (_, line) => `${call + 1}:${line + 1}`),
  );
  expect(place.lines('log')).toEqual(expected.flat());
});

it('lets one of several attempts at once run the command, and gives all its outcome', {
  timeout: 120_000,
}, async () => {
  const script = 'echo once >>log; sleep 0.5; echo $$';
  const command = { callId: 'r1c1', script };
  const outcomes = await Promise.all([
    ...Array.from({ length: 3 }, () => attempt(command).outcome()),
    ...Array.from({ length: 4 }, () => place.run('r1c1', script)),
  ]);
  expect(place.lines('log')).toEqual(['once']);
  expect(new Set(outcomes.map((outcome) => outcome.stdout)).size).toBe(1);
  expect(outcomes.every((outcome) => outcome.outcome === 'finished')).toBe(true);
});

it('does not repeat a command whose runner was killed', async () => {
  const script = 'echo begun >>log; echo shown; sleep 300; echo ended >>log';
  const waiting = place.run('r1c1', script);
  await until('there is output', () => statSync(`${place.callFolder('r1c1')}/stdout`, QUIET)?.size === 6);
  const leader = place.alive('r1c1').map((row) => row.pid);
  expect(leader.length).toBeGreaterThan(0);
  process.kill(place.claim('r1c1')!.runner.pid, 'SIGKILL');

  expect(await waiting).toMatchObject({ outcome: 'unknown', exitCode: null, stdout: 'shown\n' });
  expect(place.alive('r1c1')).toEqual([]);
  expect(await place.run('r1c1', script)).toMatchObject({ outcome: 'unknown' });
  expect(await attempt({ callId: 'r1c1', script }).outcome()).toMatchObject({ outcome: 'unknown' });
  expect(place.lines('log')).toEqual(['begun']);
});

it('does not repeat a command whose result could not be written', async () => {
  // A folder where the result belongs stands for a disk that refuses it.
  const script = 'echo once >>log; mkdir "$(echo "$TMPDIR"/../r1c1-*)/result.json"';
  expect(await place.run('r1c1', script)).toMatchObject({ outcome: 'unknown' });
  expect(await place.run('r1c1', script)).toMatchObject({ outcome: 'unknown' });
  expect(place.lines('log')).toEqual(['once']);
});

it('takes another command under the same call id for another call', async () => {
  expect(await place.run('r1c1', 'echo first')).toMatchObject({ stdout: 'first\n' });
  expect(await place.run('r1c1', 'echo second')).toMatchObject({ stdout: 'second\n' });
});

/** Random numbers from 0 to 1 that a seed repeats (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
