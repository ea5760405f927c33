import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isDiskFull } from '../../activities/disk-full.ts';
import { callRecords } from '../../activities/lookup/recorded.ts';
import { mountSmallDisk, type SmallDisk } from '../support/faults/small-disk.ts';
import { setUp, until } from './sandbox-setup.ts';

let disk: SmallDisk;
let place: Awaited<ReturnType<typeof setUp>>;
/** On another disk, so that it tells how often a command ran. */
let ledger: string;
let gate: string;
const ran = () => (existsSync(ledger) ? readFileSync(ledger, 'utf8') : '');

beforeEach(async () => {
  disk = mountSmallDisk(8);
  place = await setUp({}, disk.path);
  ledger = join(tmpdir(), randomUUID());
  gate = join(tmpdir(), randomUUID());
});

afterEach(async () => {
  disk.free();
  await place.tearDown();
  disk.close();
  for (const path of [ledger, gate]) rmSync(path, { force: true });
});

/** Leaves a mark, waits for the test, and speaks. */
const marked = () => `echo ran >> ${ledger}; until [ -e ${gate} ]; do sleep 0.05; done; echo spoken`;
const begun = () => until('the command runs', () => ran() !== '');

test('on a full disk a command does not run, and says so; with room again it runs once', async () => {
  writeFileSync(gate, '');
  disk.fill();
  const refused = await place.run('r1c1', marked()).catch((error) => error);
  expect(isDiskFull(refused), String(refused)).toBe(true);
  expect(ran()).toBe('');
  disk.free();
  expect(await place.run('r1c1', marked())).toMatchObject({ outcome: 'finished', stdout: 'spoken\n' });
  expect(ran()).toBe('ran\n');
});

test('a disk that gets full while a command runs takes nothing of its output', async () => {
  const running = place.run('r1c1', marked());
  await begun();
  disk.fill();
  writeFileSync(gate, '');
  expect(await running).toEqual({
    outcome: 'finished',
    exitCode: 0,
    timedOut: false,
    notes: [],
    stdout: 'spoken\n',
    stderr: '',
    truncated: false,
  });
  expect(ran()).toBe('ran\n');
});

test('a result that not even the kept room holds waits for the disk', async () => {
  const running = place.run('r1c1', marked());
  await begun();
  // Somebody else was quicker to take what was kept.
  rmSync(join(place.callFolder('r1c1')!, 'reserve'));
  disk.fill();
  writeFileSync(gate, '');
  const waited = await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 7_000, 'waits'))]);
  expect(waited).toBe('waits');
  disk.free();
  // What it printed could not be kept for so long; that it ran is known.
  expect(await running).toMatchObject({
    outcome: 'finished',
    notes: ['Of stdout (7 bytes) not all could be written to disk: ENOSPC.'],
  });
  expect(ran()).toBe('ran\n');
});

test('a look-up is answered on a full disk, and a record that must be is refused', async () => {
  const recorded = callRecords(place.stateDir, 'session', 'r1c1');
  const ask = async () => {
    appendFileSync(ledger, 'asked\n');
    return 'answer';
  };
  disk.fill();
  expect(await recorded('query', ask)).toBe('answer');
  expect(ran()).toBe('asked\n');
  await expect(recorded('begun', async () => 'me', { must: true })).rejects.toThrow(/ENOSPC/);
});
