import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Where local mode keeps what must outlive its processes. All paths are absolute. */
export interface StateFolder {
  root: string;
  /** The dev server's SQLite database; SQLite keeps `-wal` and `-shm` files beside it, which belong to it. */
  temporalDb: string;
  temporalLog: string;
  /** Pid, ports and address of the dev server last started here (`DevServerRecord`). */
  temporalRecord: string;
  /** Held while the dev server is started or stopped. */
  temporalLock: string;
  /** One lock file for each process that uses the dev server. */
  temporalUsers: string;
  /** Sessions' workspaces. */
  workspaces: string;
  /** Payloads too large for Temporal's history. */
  payloads: string;
  /** Caches that may be deleted at any time while nothing runs. */
  cache: string;
}

const README = `State of temporal-deep-research in local mode: the Temporal server's database and log, workspaces, payloads.
Deleting this folder forgets all sessions; do it only while nothing runs here.
`;

/** Paths below `DEEP_RESEARCH_STATE_DIR` (default `.deep-research`), relative to `cwd`. Touches no file. */
export function stateFolder(env: NodeJS.ProcessEnv, cwd: string): StateFolder {
  return stateFolderAt(path.resolve(cwd, env.DEEP_RESEARCH_STATE_DIR || '.deep-research'));
}

/** The same paths below a given folder. */
export function stateFolderAt(root: string): StateFolder {
  const at = (name: string) => path.join(path.resolve(root), name);
  return {
    root: path.resolve(root),
    temporalDb: at('temporal.db'),
    temporalLog: at('temporal.log'),
    temporalRecord: at('temporal.json'),
    temporalLock: at('temporal.lock'),
    temporalUsers: at('users'),
    workspaces: at('workspaces'),
    payloads: at('payloads'),
    cache: at('cache'),
  };
}

/**
 * Creates the folder, readable by its owner only, with a README and a `.gitignore`. A folder that already holds other
 * files keeps them as they are and gets neither: a `.gitignore` of `*` would hide a whole project if the variable
 * points at one.
 * @throws Error if something that is not a folder stands in the way
 */
export function createStateFolder(folder: StateFolder): StateFolder {
  try {
    mkdirSync(folder.root, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Error(
      `The state folder ${folder.root} cannot be created; set DEEP_RESEARCH_STATE_DIR to another place.`,
      {
        cause: error,
      },
    );
  }
  const own = ['.gitignore', 'README.txt'];
  if (readdirSync(folder.root).every((name) => own.includes(name))) {
    const missing = (name: string) => !existsSync(path.join(folder.root, name));
    if (missing('.gitignore')) writeFileSync(path.join(folder.root, '.gitignore'), '*\n');
    if (missing('README.txt')) writeFileSync(path.join(folder.root, 'README.txt'), README);
  }
  mkdirSync(folder.temporalUsers, { recursive: true, mode: 0o700 });
  return folder;
}
