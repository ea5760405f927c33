import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

export interface TemporalCliVersion {
  /** What `--version` printed, on one line. */
  text: string;
  /** Version of the server inside, such as `1.29.1`. */
  server: string;
}

/** Updates work without being switched on from this server version. */
const OLDEST_SERVER = [1, 25] as const;

/** A sound CLI answers at once; the first read of a file of 250 MB from a slow disk does not. */
const PROBE_LIMIT_MS = 60_000;

/** Runs `--version`. @throws Error that says why the file is not a usable Temporal CLI */
export async function probeCli(file: string, env: NodeJS.ProcessEnv = process.env): Promise<TemporalCliVersion> {
  const text = await new Promise<string>((resolve, reject) => {
    execFile(file, ['--version'], { env, timeout: PROBE_LIMIT_MS, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout.trim().replace(/\s+/g, ' '));
      const reason = error.killed ? `no answer in ${PROBE_LIMIT_MS / 1000} s` : stderr.trim() || error.message;
      reject(new Error(`${file} --version failed: ${reason.slice(0, 300)}`));
    });
  });
  const server = /\bserver\s+(\d+)\.(\d+)[^\s,)]*/i.exec(text);
  if (!server)
    throw new Error(`${file} is not the Temporal CLI: --version prints ${JSON.stringify(text.slice(0, 100))}`);
  const [major, minor] = [Number(server[1]), Number(server[2])];
  if (major < OLDEST_SERVER[0] || (major === OLDEST_SERVER[0] && minor < OLDEST_SERVER[1])) {
    throw new Error(`${file} holds server ${major}.${minor}; ${OLDEST_SERVER.join('.')} or newer is needed`);
  }
  return { text, server: server[0].replace(/^server\s+/i, '') };
}

/** First executable file of that name in the folders of `env.PATH`. */
export function findOnPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
  for (const folder of (env.PATH ?? '').split(path.delimiter).filter(Boolean)) {
    const file = path.resolve(folder, name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // Not here; the next folder may have it.
    }
  }
  return undefined;
}
