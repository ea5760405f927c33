import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { openKept } from '../../activities/workspace/keep.ts';
import { readIndex, writeIndex } from '../../activities/workspace/snapshot/index-file.ts';
import { restoreSnapshot } from '../../activities/workspace/snapshot/restore.ts';
import { takeSnapshot } from '../../activities/workspace/snapshot/take.ts';
import { prose } from '../history/prose.ts';
import { median } from '../statistics.ts';
import { tableLines } from '../table.ts';

const FOLDERS = 100;
const FILES = 100;
/** Characters of one file. */
const LENGTH = 2_000;
const LAPS = 7;

export function benchSnapshots(program: Command): void {
  program
    .command('snapshots')
    .description('a snapshot of a workspace of 10,000 files in which one has changed, beside tar')
    .action(async () => {
      const root = mkdtempSync(join(tmpdir(), 'bench-snapshots-'));
      try {
        for (const line of tableLines(['', 'ms', 'bytes written'], await measured(root))) console.log(line);
      } finally {
        rmSync(root, { recursive: true, force: true });
      }
    });
}

async function measured(root: string): Promise<string[][]> {
  const workspace = join(root, 'workspaces', 'w');
  for (let folder = 0; folder < FOLDERS; folder += 1) {
    mkdirSync(join(workspace, `folder-${folder}`), { recursive: true });
    for (let file = 0; file < FILES; file += 1) {
      writeFileSync(join(workspace, `folder-${folder}`, `file-${file}.txt`), prose(folder * FILES + file, LENGTH));
    }
  }
  const kept = openKept(root);
  const store = join(root, 'store');
  /** As a call does it: what was known is read, and what is known now is written. */
  const snapshot = async () => {
    const { index } = await takeSnapshot(workspace, kept, readIndex(root, 'w'));
    writeIndex(root, 'w', index);
    return index.at;
  };
  const rows: string[][] = [];
  const row = (name: string, laps: number[], bytes?: number) =>
    rows.push([name, median(laps).toFixed(0), bytes === undefined ? '' : bytes.toLocaleString('en')]);

  row('first snapshot, 10,000 files', [await timed(snapshot)], sizeOf(store));
  // A file that was written this moment would be read again.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await snapshot();
  row('nothing changed', await laps(snapshot), 0);

  const grown: number[] = [];
  const changed = await laps(async (lap) => {
    const before = sizeOf(store);
    writeFileSync(join(workspace, 'folder-50', 'file-50.txt'), prose(-lap - 1, LENGTH));
    const took = await timed(snapshot);
    grown.push(sizeOf(store) - before);
    return took;
  });
  row('one of them changed', changed, median(grown));

  const at = await snapshot();
  row('restored into an empty folder', [
    await timed(() => restoreSnapshot(join(root, 'other'), at, kept, kept.scratch)),
  ]);

  const archive = join(root, 'all.tar');
  const tar = () => execFileSync('tar', ['-cf', archive, '-C', workspace, '.']);
  row('tar, whatever has changed', await laps(async () => tar()), statSync(archive).size);
  mkdirSync(join(root, 'unpacked'));
  row('tar -x', [await timed(async () => execFileSync('tar', ['-xf', archive, '-C', join(root, 'unpacked')]))]);
  return rows;
}

/** Times of several runs, in ms; one that gives a number says its own. */
async function laps(work: (lap: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let lap = 0; lap < LAPS; lap += 1) {
    let own: unknown;
    const took = await timed(async () => {
      own = await work(lap);
    });
    times.push(typeof own === 'number' ? own : took);
  }
  return times;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const sizeOf = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
