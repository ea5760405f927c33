import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { runnerEnvironment } from './clean-environment.ts';
import type { Language } from './sandbox.ts';

const run = promisify(execFile);
const found = new Map<Language, string>();

/**
 * The interpreter as it is to be started, or undefined when this machine has none (or is too slow to tell now).
 * Looked up until it is found. For Python the program behind a version manager's wrapper, which reads settings below
 * the real `HOME`.
 */
export async function interpreter(language: Language): Promise<string | undefined> {
  const path =
    found.get(language) ?? (await (language === 'bash' ? ask('bash', PRINT_BASH) : ask('python3', PRINT_PYTHON)));
  if (path) found.set(language, path);
  return path;
}

// Bash takes Node's pipe for a remote shell's connection, and would run the user's start-up file.
const PRINT_BASH = ['--noprofile', '--norc', '-c', 'echo "$BASH"'];
const PRINT_PYTHON = ['-c', 'import sys; print(sys.executable) if sys.version_info >= (3, 8) else sys.exit(1)'];

async function ask(program: string, args: string[]): Promise<string | undefined> {
  try {
    const env = { ...runnerEnvironment(), HOME: process.env.HOME ?? '/' };
    // A cold disk can take seconds; a wrapper that hangs must not hold the worker's start.
    const running = run(program, args, { env, timeout: 20_000, killSignal: 'SIGKILL' });
    running.child.stdin?.end();
    const { stdout } = await running;
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}
