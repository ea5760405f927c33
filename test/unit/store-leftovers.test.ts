import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openKept } from '../../activities/workspace/keep.ts';
import { eventually } from '../support/sessions.ts';

const DAY_S = 86_400;
const HASH = 'a'.repeat(64);
const DRAFT = `${HASH}.0c9c9b54-7a5c-4ec5-9d0a-6d6c58d9b1d1`;

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'leftovers-'));
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

function file(path: string, daysOld: number): string {
  const whole = join(stateDir, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, 'text');
  const at = Date.now() / 1000 - daysOld * DAY_S;
  utimesSync(whole, at, at);
  return whole;
}

test('what a worker was writing when it died goes after a day, and what it had written after its time', async () => {
  const gone = [file(`store/blobs/aa/${DRAFT}`, 2), file('scratch/draft', 2), file(`store/blobs/ab/${HASH}`, 91)];
  const stays = [file(`store/trees/aa/${DRAFT}`, 0.5), file('scratch/other', 0.5), file(`store/blobs/aa/${HASH}`, 89)];
  openKept(stateDir, { place: { folder: join(stateDir, 'store') }, keepDays: 90 });
  await eventually('the old ones are gone', () => gone.every((path) => !existsSync(path)), 10_000);
  expect(stays.filter((path) => !existsSync(path))).toEqual([]);
});
