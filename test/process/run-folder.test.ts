import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const END = fileURLToPath(new URL('../support/run-folder-end.ts', import.meta.url));

const sleepers: ChildProcess[] = [];
const sleeper = async (env: NodeJS.ProcessEnv) => {
  const child = spawn('sleep', ['600'], { stdio: 'ignore', detached: true, env: { PATH: process.env.PATH, ...env } });
  sleepers.push(child);
  await once(child, 'spawn');
  return child;
};

afterAll(() => {
  for (const child of sleepers) child.kill('SIGKILL');
});

test('when vitest is gone, processes that know its folder are ended, others are not, and the folder is removed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'run-folder-'));
  const knows = await sleeper({ STATE_DIR: join(folder, 'state') });
  const knowsNot = await sleeper({ STATE_DIR: tmpdir() });
  const gone = once(knows, 'exit');

  const end = fork(END, [folder, '1'], { stdio: 'ignore' });
  await once(end, 'spawn');
  expect(existsSync(folder)).toBe(true);
  end.disconnect();
  const [code] = await once(end, 'exit');

  expect(code).toBe(0);
  expect(await gone).toEqual([null, 'SIGKILL']);
  expect(knowsNot.signalCode).toBeNull();
  expect(existsSync(folder)).toBe(false);
});
