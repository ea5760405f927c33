import type { Readable } from 'node:stream';

/** A place that keeps bytes by name. Names are `<area>/<64 hex digits>`. */
export interface Store {
  read(name: string): Promise<Uint8Array | undefined>;
  /** Puts bytes in the place of what was there; a reader sees all of them or what was before. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Removes what was last written, or asked for by `has`, before this time, in epoch milliseconds. Absent where the place does so itself. */
  removeOlder?(than: number): Promise<void>;
  close(): void;
}

/** A store that takes files of any size. */
export interface FileStore extends Store {
  /** Whether there is something of this name. What is asked for stays as long as if it was written now. */
  has(name: string): Promise<boolean>;
  /** Takes the file at `path`, which the caller gives away. */
  writeFile(name: string, path: string): Promise<void>;
  stream(name: string): Promise<Readable | undefined>;
  remove(name: string): Promise<void>;
}
