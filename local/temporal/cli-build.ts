import { spawn } from 'node:child_process';
import path from 'node:path';

export interface BuildOptions {
  /** Path of the `go` command. */
  go: string;
  /** Release without `v`, such as `1.5.1`. */
  version: string;
  /** Existing folder to build into; the caller removes it. */
  folder: string;
  env: NodeJS.ProcessEnv;
  onProgress?: (line: string) => void;
  /** Milliseconds between progress lines. */
  progressEveryMs?: number;
  /** Aborting stops the build. */
  signal?: AbortSignal;
}

/** Two old cores need 5 minutes, a slow link for the modules some more; past this it hangs. */
const BUILD_LIMIT_MS = 45 * 60_000;

/** Builds the CLI with Go, dependencies pinned by the release's own go.sum. @returns path of the executable */
export async function buildCli(options: BuildOptions): Promise<string> {
  const { go, version, folder, onProgress, progressEveryMs = 15_000 } = options;
  const env: NodeJS.ProcessEnv = { ...options.env, GOBIN: folder, GOTMPDIR: folder };
  // `go install` refuses to cross-compile into GOBIN, and the CLI is wanted for this machine.
  delete env.GOOS;
  delete env.GOARCH;

  const signal = AbortSignal.any([AbortSignal.timeout(BUILD_LIMIT_MS), ...(options.signal ? [options.signal] : [])]);
  signal.throwIfAborted();
  const started = Date.now();
  onProgress?.(`Building the Temporal CLI ${version} with Go, once (about 5 minutes) …`);
  const ticker = setInterval(() => onProgress?.(`Building the Temporal CLI: ${elapsed(started)}`), progressEveryMs);
  try {
    await run(go, ['install', '-ldflags=-s -w', `github.com/temporalio/cli/cmd/temporal@v${version}`], env, signal);
  } finally {
    clearInterval(ticker);
  }
  return path.join(folder, 'temporal');
}

/** How long `go` may take to stop its compilers and remove its files after an abort. */
const ABORT_GRACE_MS = 10_000;

function run(command: string, args: string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    // In the terminal's process group, unlike the server: Ctrl-C is meant for `go` and its compilers as well.
    const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let tail = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-2_000);
    });
    const abort = () => {
      child.kill('SIGINT');
      setTimeout(() => child.kill('SIGKILL'), ABORT_GRACE_MS).unref();
    };
    signal.addEventListener('abort', abort, { once: true });
    child.once('error', reject);
    child.once('close', (code, killedBy) => {
      signal.removeEventListener('abort', abort);
      const reason = tail.trim().split('\n').slice(-8).join('\n  ');
      if (signal.aborted) reject(signal.reason);
      else if (code === 0) resolve();
      else reject(new Error(`go install ended with ${killedBy ?? `code ${code}`}: ${reason}`));
    });
  });
}

function elapsed(since: number): string {
  const seconds = Math.round((Date.now() - since) / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
