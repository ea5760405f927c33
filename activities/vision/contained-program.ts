import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

/** A program that takes apart what strangers have made. */
export interface ContainedProgram {
  command: string;
  args: readonly string[];
  /** Its standard input. Default: empty. */
  input?: Uint8Array;
  /** A descriptor of this process that it gets as its descriptor 3. */
  file?: number;
}

export interface ProgramLimits {
  seconds: number;
  memoryMb: number;
  /** Of what it may print, in bytes. */
  outputBytes: number;
}

/** Why a program did not come to its end. */
export class ProgramFailure extends Error {
  override name = 'ProgramFailure';
  readonly why: 'time' | 'memory' | 'output' | 'failed';
  /** What it said on its standard error, the end of it. */
  readonly said: string;

  constructor(why: ProgramFailure['why'], said: string) {
    super(`${why}: ${said}`);
    this.why = why;
    this.said = said;
  }
}

/** Part of util-linux; where it is missing (not on Linux), time and output are limited and memory is not. */
const PRLIMIT = ['/usr/bin/prlimit', '/bin/prlimit'].find((path) => existsSync(path));

/** Kept of the standard error. */
const MOST_SAID = 4_000;

const OUT_OF_MEMORY = /(cannot allocate|out of|insufficient|not enough) memory|bad_alloc|allocation/i;

/**
 * Runs a program without secrets in its environment and with limits that the kernel holds: memory, CPU time, and no
 * file of any size may be written. It ends with the call, and by its CPU time where the worker dies first.
 *
 * @throws ProgramFailure where it does not end well, and the reason of `signal` when that aborts
 */
export async function runContained(
  { command, args, input, file }: ContainedProgram,
  limits: ProgramLimits,
  signal: AbortSignal,
): Promise<Buffer> {
  signal.throwIfAborted();
  const { seconds, memoryMb, outputBytes } = limits;
  const held = [`--data=${memoryMb * 1024 * 1024}`, `--cpu=${seconds}`, '--fsize=0', '--core=0', '--nofile=128'];
  const [program = command, ...words] = PRLIMIT ? [PRLIMIT, ...held, '--', command, ...args] : [command, ...args];
  const child = spawn(program, words, {
    env: { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8' },
    cwd: '/',
    stdio: ['pipe', 'pipe', 'pipe', ...(file === undefined ? [] : [file])],
  });
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const output: Buffer[] = [];
  let size = 0;
  let said = '';
  const fail = (why: ProgramFailure['why']) => reject(new ProgramFailure(why, said.trim()));
  const stop = () => reject(signal.reason);
  const late = setTimeout(() => fail('time'), seconds * 1000);
  signal.addEventListener('abort', stop, { once: true });
  child.once('error', reject);
  child.stdout?.on('data', (bytes: Buffer) => {
    size += bytes.length;
    if (size > outputBytes) fail('output');
    else output.push(bytes);
  });
  child.stderr?.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString('utf8')).slice(-MOST_SAID);
  });
  child.once('close', (code, how) => {
    if (code === 0) resolve(Buffer.concat(output));
    else fail(reasonOf(how, said));
  });
  // A program that ends early does not read all of it.
  child.stdin?.on('error', () => {}).end(input);
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', stop);
    end(child);
  }
}

function reasonOf(how: NodeJS.Signals | null, said: string): ProgramFailure['why'] {
  if (how === 'SIGXCPU' || how === 'SIGKILL') return 'time';
  return OUT_OF_MEMORY.test(said) || how === 'SIGABRT' ? 'memory' : 'failed';
}

function end(child: ChildProcess): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.kill('SIGKILL');
}
