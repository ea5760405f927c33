import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { User } from './containers.ts';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_WRONLY, O_CREAT, O_EXCL, O_TRUNC } = constants;

/**
 * The folder that a command's runner in the container writes to. The command itself can write there as well, so nothing
 * in it is trusted: links are not followed, pipes not waited for, and files are read up to a bound.
 */
export interface Box {
  /** Text of a small file; undefined when it is not there or not an ordinary file. */
  read(name: string): string | undefined;
  has(name: string): boolean;
  /** For reading; undefined when it is not there or not an ordinary file. */
  open(name: string): Promise<FileHandle | undefined>;
  /** Makes an empty file; no fault when there is something already. */
  touch(name: string): void;
  remove(name: string): void;
  close(): void;
}

const MOST_BYTES = 8192;

/** Opens the folder, so that it cannot be exchanged for another; undefined when there is none. */
export function openBox(path: string): Box | undefined {
  let folder: Folder;
  try {
    folder = openFolder(path);
  } catch {
    return undefined;
  }
  const file = folder.at;
  const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

  return {
    read(name) {
      let opened: number | undefined;
      try {
        opened = openSync(file(name), flags);
        if (!fstatSync(opened).isFile()) return undefined;
        const buffer = Buffer.alloc(MOST_BYTES);
        return buffer.toString('utf8', 0, readSync(opened, buffer, 0, MOST_BYTES, 0));
      } catch {
        return undefined;
      } finally {
        if (opened !== undefined) closeSync(opened);
      }
    },
    has(name) {
      return this.read(name) !== undefined;
    },
    async open(name) {
      const handle = await open(file(name), flags).catch(() => undefined);
      if (!handle || (await handle.stat()).isFile()) return handle;
      await handle.close();
      return undefined;
    },
    touch(name) {
      try {
        closeSync(openSync(file(name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644));
      } catch {
        // It is there, or the disk is full.
      }
    },
    remove(name) {
      try {
        unlinkSync(file(name));
      } catch {
        // It is not there, or a folder: it goes with the session.
      }
    },
    close: folder.close,
  };
}

interface Folder {
  /** Path of a file in the folder that was opened, wherever its name leads by now. */
  at(name: string): string;
  giveTo(owner: User | undefined): void;
  close(): void;
}

/** Throws where it is a link or no folder. */
function openFolder(path: string): Folder {
  const opened = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  return {
    // Linux reaches a file in an open folder this way; elsewhere containers have a machine of their own around them.
    at: (name) => (process.platform === 'linux' ? `/proc/self/fd/${opened}/${name}` : join(path, name)),
    giveTo: (owner) => owner && fchownSync(opened, owner.uid, owner.gid),
    close: () => closeSync(opened),
  };
}

/** Writes files for a command where its container sees them: `{ 'script/r1c1.sh': … }`, one folder deep. */
export function fillBox(path: string, files: Record<string, string>, owner: User): void {
  const user = process.getuid?.() === 0 && owner.uid !== 0 ? owner : undefined;
  makeFolder(path);
  const box = openFolder(path);
  try {
    for (const [name, text] of Object.entries(files)) {
      const [file, folder] = name.split('/').reverse() as [string, string?];
      if (folder === undefined) {
        writeNew(box.at(file), text, user);
        continue;
      }
      makeFolder(box.at(folder));
      const inner = openFolder(box.at(folder));
      writeNew(inner.at(file), text, user);
      inner.giveTo(user);
      inner.close();
    }
    box.giveTo(user);
  } finally {
    box.close();
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function writeNew(path: string, text: string, owner: User | undefined): void {
  const file = openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  try {
    writeFileSync(file, text);
    if (owner) fchownSync(file, owner.uid, owner.gid);
  } finally {
    closeSync(file);
  }
}
