/** One of an archive's members, as its directory tells of it. */
export interface ArchiveMember {
  name: string;
  /** Unpacked, in bytes, as it says of itself. */
  size: number;
  type: 'file' | 'folder' | 'link';
  isLocked?: true;
}

export interface Archive {
  /** For a sentence. */
  kind: string;
  /** In the archive's order. */
  members: ArchiveMember[];
  /** There are more than are listed. */
  isCut: boolean;
  /** A member's bytes; `undefined` when there is none of that name. Throws `ToolError` where it cannot be unpacked. */
  read(member: string): Promise<Uint8Array | undefined>;
}

/** Larger directories are bombs or nothing to read. */
export const MOST_MEMBERS = 20_000;

/** In one reading, over all members that it unpacks, in bytes. */
export const MOST_UNPACKED = 512 * 1024 * 1024;

export const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
