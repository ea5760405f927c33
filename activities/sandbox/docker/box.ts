import { closeSync, constants, fstatSync, openSync, readSync, unlinkSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_WRONLY, O_CREAT, O_EXCL } = constants;

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
  let folder: number;
  try {
    folder = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch {
    return undefined;
  }
  // Linux reaches a file in an open folder this way; elsewhere containers have a machine of their own around them.
  const file = (name: string) => (process.platform === 'linux' ? `/proc/self/fd/${folder}/${name}` : join(path, name));
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
    close: () => closeSync(folder),
  };
}
