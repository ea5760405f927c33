import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { processTable } from '../../activities/sandbox/process-table.ts';
import { profileFolder } from '../../activities/web/browser/profile-folder.ts';

const foldersOf = (pid: number) =>
  readdirSync(tmpdir()).filter((name) => name.startsWith('drb-') && name.includes(`-${pid}-`));

function descendants(root: number): string[] {
  const rows = [...processTable()];
  const family = [root];
  for (const pid of family) family.push(...rows.filter(({ parent }) => parent === pid).map((row) => row.pid));
  return rows.filter(({ pid }) => family.includes(pid)).map(({ identity, pid }) => `${pid} ${identity}`);
}

const running = (identities: string[]) =>
  [...processTable()].map(({ identity, pid }) => `${pid} ${identity}`).filter((one) => identities.includes(one));

test('a worker that is killed leaves no browser behind, and its folder to the next one', async () => {
  const worker = fork(new URL('./worker-with-browser.ts', import.meta.url), { stdio: 'inherit' });
  const pid = worker.pid!;
  await once(worker, 'message');
  const family = descendants(pid);
  expect(family.length).toBeGreaterThan(3);
  worker.kill('SIGKILL');
  await once(worker, 'exit');
  while (running(family).length > 0) await sleep(100);
  expect(foldersOf(pid)).toHaveLength(1);
  profileFolder().remove();
  expect(foldersOf(pid)).toEqual([]);
});
