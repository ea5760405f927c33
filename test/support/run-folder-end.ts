/**
 * `run-folder-end.ts <folder> <pid of vitest>`: waits until vitest ends or hangs up, then kills every process whose
 * command line or environment names the folder, unmounts what is mounted in it, and removes it.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const [folder = '', vitest = ''] = process.argv.slice(2);
/** A killed process is gone within moments; one that is not gone by then hangs in the system. */
const LIMIT_MS = 30_000;

await once(process, 'disconnect');
for (const until = Date.now() + LIMIT_MS; Date.now() < until; await sleep(100)) {
  const left = processesOfFolder();
  if (left.length === 0) break;
  for (const pid of left) kill(pid);
}
for (const place of mountsOfFolder()) spawnSync('umount', ['--lazy', place]);
rmSync(folder, { recursive: true, force: true, maxRetries: 5 });

function mountsOfFolder(): string[] {
  const places = read('/proc/self/mounts')
    .split('\n')
    .flatMap((line) => line.split(' ')[1] ?? []);
  return places.filter((place) => place.startsWith(`${folder}/`));
}

function processesOfFolder(): number[] {
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc').filter(isOfFolder).map(Number);
}

/** Vitest's own processes know the folder as well; while vitest lives, it ends them itself. */
function isOfFolder(pid: string): boolean {
  if (!/^\d+$/.test(pid) || pid === String(process.pid) || pid === vitest) return false;
  const names = (file: string) => read(`/proc/${pid}/${file}`).includes(folder);
  return (names('cmdline') || names('environ')) && parentOf(pid) !== vitest;
}

function parentOf(pid: string): string | undefined {
  return /^PPid:\s*(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1];
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
