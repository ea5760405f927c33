/** A place that keeps bytes by name. Names are `<area>/<64 hex digits>`, made by `cache.ts`. */
export interface Store {
  read(name: string): Promise<Uint8Array | undefined>;
  /** Puts bytes in the place of what was there; a reader sees all of them or what was before. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Removes what was last written before this time, in epoch milliseconds. Absent where the place does so itself. */
  removeOlder?(than: number): Promise<void>;
  close(): void;
}
