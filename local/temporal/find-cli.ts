import { mkdirSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { buildCli } from './cli-build.ts';
import { downloadCli } from './cli-download.ts';
import { findOnPath, probeCli } from './cli-probe.ts';
import { withLock } from './file-lock.ts';

/** Newest release that `go install` can build: later ones have `replace` lines in their go.mod, which it refuses. */
export const CLI_VERSION = '1.5.1';

export interface TemporalCli {
  /** Absolute path of the executable, checked by running `--version`. */
  path: string;
  how: 'environment' | 'path' | 'cache' | 'download' | 'build';
  /** What `--version` printed. */
  version: string;
}

export interface FindTemporalCliOptions {
  /** Default `cacheFolder(env)`. */
  cacheDir?: string;
  /** `TEMPORAL_CLI_PATH` names an executable to use instead of looking for one; `PATH` is searched. */
  env?: NodeJS.ProcessEnv;
  /** Lines for people; a build reports its elapsed time every 15 seconds. */
  onProgress?: (line: string) => void;
  /** Ends waiting, download and build, and leaves nothing half done. */
  signal?: AbortSignal;
  /** Default `https://temporal.download`. */
  downloadService?: string;
  /** Milliseconds until a download service that does not answer is given up. */
  downloadAnswerLimitMs?: number;
}

/** `temporal-deep-research` below `XDG_CACHE_HOME`, or below `~/.cache`. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const base = env.XDG_CACHE_HOME && path.isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : undefined;
  return path.join(base ?? path.join(env.HOME || homedir(), '.cache'), 'temporal-deep-research');
}

/**
 * The Temporal CLI: `TEMPORAL_CLI_PATH`, else `temporal` on the PATH, else the cache, else a download into the cache,
 * else a build with Go into the cache. Several processes at once make it only once.
 * @throws Error that lists what was tried, why each failed, and what to do
 */
export async function findTemporalCli(options: FindTemporalCliOptions = {}): Promise<TemporalCli> {
  const { env = process.env, signal, onProgress } = options;
  const tried: string[] = [];

  if (env.TEMPORAL_CLI_PATH) {
    const given = path.resolve(env.TEMPORAL_CLI_PATH);
    const { text } = await probeCli(given, env).catch((error: Error) => {
      throw new Error(`TEMPORAL_CLI_PATH must name a working Temporal CLI: ${error.message}.`, { cause: error });
    });
    return { path: given, how: 'environment', version: text };
  }

  const found =
    (await attempt('`temporal` on the PATH', async () => checked(onPath('temporal'), 'path'))) ??
    (await attempt('the cache', async () => fromCache()));
  if (found) return found;

  const wait = { signal, onWait: () => onProgress?.('Waiting for another process that gets the Temporal CLI …') };
  mkdirSync(path.dirname(cached()), { recursive: true });
  const made = await withLock(`${cached()}.lock`, wait, async () => {
    if (await exists(cached())) {
      const other = await attempt('the cache', fromCache);
      if (other) return other;
    }
    return (await attempt('a download', () => make('download'))) ?? (await attempt('building it', () => make('build')));
  });
  if (made) return made;
  throw new Error(
    `There is no Temporal CLI, and none could be had:\n${tried.map((line) => `- ${line}`).join('\n')}\n` +
      'Install the Temporal CLI (https://docs.temporal.io/cli) or Go 1.25 or newer (https://go.dev/dl), ' +
      'or set TEMPORAL_ADDRESS to a running Temporal server.',
  );

  async function attempt(what: string, work: () => Promise<TemporalCli>): Promise<TemporalCli | undefined> {
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      tried.push(`${what}: ${(error as Error).message}`);
      return undefined;
    }
  }

  async function checked(file: string, how: TemporalCli['how']): Promise<TemporalCli> {
    return { path: file, how, version: (await probeCli(file, env)).text };
  }

  function onPath(name: string): string {
    const file = findOnPath(name, env);
    if (!file) throw new Error(`there is no \`${name}\` command`);
    return file;
  }

  function cached(): string {
    return path.join(options.cacheDir ?? cacheFolder(env), 'bin', `temporal-${CLI_VERSION}`);
  }

  async function fromCache(): Promise<TemporalCli> {
    if (!(await exists(cached()))) throw new Error(`${cached()} is not there`);
    return checked(cached(), 'cache');
  }

  /** Works in a folder beside the cached file and renames into place, so that a killed process leaves nothing half. */
  async function make(how: 'download' | 'build'): Promise<TemporalCli> {
    const bin = path.dirname(cached());
    for (const name of await readdir(bin)) {
      // Left by a killed process: nobody else works here while the lock is held.
      if (name.startsWith('.making-')) await rm(path.join(bin, name), { recursive: true, force: true });
    }
    const folder = await mkdtemp(path.join(bin, '.making-'));
    try {
      const common = { version: CLI_VERSION, folder, onProgress, signal };
      const file =
        how === 'download'
          ? await downloadCli({
              ...common,
              service: options.downloadService,
              answerLimitMs: options.downloadAnswerLimitMs,
            })
          : await buildCli({ ...common, go: onPath('go'), env });
      const { text } = await probeCli(file, env);
      await rename(file, cached());
      return { path: cached(), how, version: text };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
