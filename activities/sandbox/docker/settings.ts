/** How containers are made; what a container may take is for all commands of its session together. */
export interface DockerSettings {
  image: string;
  /** Docker's default where it is not set; `runsc` is gVisor. */
  runtime?: string;
  /** A network of Docker's, or `none`. */
  network: string;
  memoryBytes: number;
  cpus: number;
  processes: number;
  /** Of the workspace with what commands print. */
  diskBytes: number;
  /** The state folder as Docker's machine names it, where the worker itself is in a container. */
  hostStateDir?: string;
}

export const DEFAULT_DOCKER: Readonly<DockerSettings> = {
  image: 'deep-research-sandbox',
  network: 'none',
  memoryBytes: 4 * 2 ** 30,
  cpus: 1,
  processes: 256,
  diskBytes: 4 * 2 ** 30,
};

/** Where the container has the workspace, and the folder that its runners write to. */
export const INSIDE = { workspace: '/workspace', calls: '/calls' } as const;

/** Files at one time. What a package manager unpacks is tens of thousands. */
export const MOST_FILES = 500_000;

/** A command is stopped while so much of the machine's disk is left, whoever filled it. */
const DISK_RESERVE_BYTES = 512 * 2 ** 20;

export const reserveKib = ({ diskBytes }: DockerSettings): number =>
  Math.floor(Math.min(DISK_RESERVE_BYTES, diskBytes) / 1024);

/** For what serves a command (its runner, the capture of its output), and for threads beside processes. */
export const SPARE_TASKS = 96;

/** User of the commands where the worker is root, with nothing else to its name. */
const NOBODYS_ID = 10_001;

/**
 * User and group that commands have: the worker's own, so that both can use the workspace's files; where the worker is
 * root, one that is nobody's. In rootless Docker the user that a container calls root is the worker's.
 */
export function containerUser(rootless: boolean): { uid: number; gid: number } {
  if (rootless) return { uid: 0, gid: 0 };
  const uid = process.getuid?.() ?? NOBODYS_ID;
  return uid === 0 ? { uid: NOBODYS_ID, gid: NOBODYS_ID } : { uid, gid: process.getgid?.() ?? uid };
}
