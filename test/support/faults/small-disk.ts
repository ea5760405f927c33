import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  /** An empty folder on a file system of its own. */
  path: string;
  /** Takes all that is left of it: from here on writing fails with ENOSPC. */
  fill(): void;
  /** Gives it back. */
  free(): void;
  close(): void;
}

/** A file system of this size that can be full without the machine's being so. Throws where it cannot be mounted. */
export function mountSmallDisk(megabytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'small-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'faults', path], {
    encoding: 'utf8',
  });
  if (mounted.status !== 0) {
    rmdirSync(path);
    const why = mounted.error?.message ?? mounted.stderr.trim();
    throw new Error(`A full disk takes a file system of its own, and root to mount it: ${why}`);
  }
  const filler = join(path, '.filler');
  return {
    path,
    fill() {
      const file = openSync(filler, 'w');
      try {
        for (let bytes = 2 ** 20; bytes >= 4096; bytes /= 16) fillWith(file, Buffer.alloc(bytes));
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(filler, { force: true }),
    close() {
      // What still has a file open keeps it, and nobody else sees it any more.
      spawnSync('umount', ['--lazy', path]);
      rmdirSync(path);
    },
  };
}

function fillWith(file: number, bytes: Buffer): void {
  try {
    for (;;) if (writeSync(file, bytes) < bytes.length) return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
