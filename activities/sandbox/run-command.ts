import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CallFolder, type CallRequest, processRef } from './call-record.ts';
import { type Captured, capture } from './capture.ts';
import { cleanEnvironment } from './clean-environment.ts';
import { type ProcessFamily, processFamily } from './process-family.ts';
import { tooManyProcesses } from './process-watch.ts';
import type { CommandOutcome, SandboxLimits } from './sandbox.ts';

/**
 * Sets what the kernel can limit, then becomes the command. A limit that the system does not have (macOS: address
 * space), or that is lower already, stays as it is. File sizes count in blocks of 512 bytes. `-u` is `-p` in dash.
 * The kernel shall rather end the command than the worker when memory runs out.
 */
const PRELUDE = `
ulimit -c 0
ulimit -v "$1" 2>/dev/null
ulimit -f "$2" 2>/dev/null
[ "$3" = 0 ] || ulimit -u "$3" 2>/dev/null || ulimit -p "$3" 2>/dev/null
echo 500 2>/dev/null >/proc/self/oom_score_adj
shift 3
exec "$@"
`;

/** What writes after the command's own end (a `tee`, say) has this long to finish, in ms. */
const LINGER_MS = 500;

export type Ended = Pick<CommandOutcome, 'outcome' | 'exitCode' | 'signal' | 'timedOut' | 'notes'>;

/**
 * Runs the command to its end within its limits, its output going to the open files. Nothing it started is left after.
 * `stop` aborts when it is to be stopped.
 */
export async function runCommand(options: {
  files: CallFolder;
  request: CallRequest;
  token: string;
  outputs: { stdout: number; stderr: number };
  stop: AbortSignal;
}): Promise<Ended> {
  const { files, request, stop } = options;
  const { limits } = request;
  const child = start(files, request, options.token);
  const captures = {
    stdout: capture(child.stdout!, options.outputs.stdout, limits.outputBytes),
    stderr: capture(child.stderr!, options.outputs.stderr, limits.outputBytes),
  };
  const closed = once(child, 'close').catch(() => undefined);
  const exited = new Promise<string | undefined>((resolve) => {
    child.once('exit', () => resolve(undefined));
    child.once('error', (error) => resolve(error.message));
  });
  recordLeader(files, child.pid);

  const family = processFamily(child.pid, options.token);
  const done = new AbortController();
  const cause = await Promise.race([
    exited.then((error) => ({ outcome: 'finished' as const, error })),
    aborted(stop).then(() => ({ outcome: 'killed' as const, grace: limits.graceSeconds })),
    sleep(
      limits.wallSeconds * 1000,
      { outcome: 'timed-out' as const, grace: limits.graceSeconds },
      { signal: done.signal },
    ).catch(never),
    tooManyProcesses(family, limits.processes, done.signal).then(
      (): { outcome: 'killed'; grace: number; note: string } => {
        const note = `The command was stopped: it had more than ${limits.processes} processes at one time.`;
        // No grace: what multiplies does not listen.
        return { outcome: 'killed', grace: 0, note };
      },
    ),
  ]);
  done.abort();

  const notes: string[] = [];
  if ('grace' in cause) {
    await family.stop(cause.grace);
    if ('note' in cause) notes.push(cause.note);
    if (cause.outcome === 'timed-out') {
      notes.push(`Timed out: the command was stopped after ${limits.wallSeconds} seconds. It may have run in part.`);
    }
    await Promise.race([exited, sleep(5000)]);
  } else if (cause.error) {
    notes.push(`The command could not be started: ${cause.error}.`);
  } else {
    const left = await stopRest(family, limits);
    if (left > 0) notes.push(`${left} background process(es) were stopped at the end of the call.`);
  }
  await Promise.race([closed, sleep(1000)]);
  // What is not written yet takes the place that was kept for it.
  rmSync(files.reserve, { force: true });
  for (const [name, { finish }] of Object.entries(captures)) notes.push(...captureNote(name, await finish(), limits));
  return {
    outcome: cause.outcome,
    exitCode: child.exitCode,
    ...(child.signalCode && { signal: child.signalCode }),
    timedOut: cause.outcome === 'timed-out',
    notes,
  };
}

function start(files: CallFolder, request: CallRequest, token: string): ChildProcess {
  const { limits, workspace } = request;
  const blocks = Math.ceil(limits.fileBytes / 512);
  const program = [request.interpreter, ...(request.language === 'python' ? ['-u'] : ['--noprofile', '--norc'])];
  const kernelLimits = [Math.ceil(limits.memoryBytes / 1024), blocks, taskLimit(limits.processes)].map(String);
  const child = spawn('/bin/sh', ['-c', PRELUDE, 'sh', ...kernelLimits, ...program, files.script], {
    cwd: workspace,
    env: cleanEnvironment({ workspace, temporary: files.temporary, token }),
    // A session of its own: signals reach the whole group, and the scheduler shares the processor by session.
    detached: true,
    stdio: [request.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  yieldToOthers(child.pid);
  // A command need not read what it is given.
  child.stdin?.on('error', () => {});
  child.stdin?.end(request.stdin);
  return child;
}

/**
 * Whatever the command does, its runner, the worker and its heartbeats come first on the processor. Linux shares it by
 * session where it has `autogroup`, else by process.
 */
function yieldToOthers(pid: number | undefined): void {
  if (pid === undefined) return;
  for (const lower of [() => setPriority(pid, 10), () => writeFileSync(`/proc/${pid}/autogroup`, '10')]) {
    try {
      lower();
    } catch {
      // The system has no such thing, or the command is over already.
    }
  }
}

function recordLeader(files: CallFolder, pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    writeFileSync(files.leader, JSON.stringify(processRef(pid)), { mode: 0o600 });
  } catch {
    // A full disk. The command's environment still tells whose it is.
  }
}

/**
 * Value for `ulimit -u`, 0 for none. The kernel counts all threads of the user, the worker's and other sessions' among
 * them, so this is only a wide bound against what grows between two counts. It knows none for root.
 */
function taskLimit(processes: number): number {
  const user = process.getuid?.();
  if (process.platform !== 'linux' || !user) return 0;
  let tasks = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (statSync(`/proc/${pid}`).uid === user) tasks += readdirSync(`/proc/${pid}/task`).length;
    } catch {
      // Gone meanwhile.
    }
  }
  return tasks + 8 * processes;
}

async function stopRest(family: ProcessFamily, limits: SandboxLimits): Promise<number> {
  const end = performance.now() + LINGER_MS;
  while (family.members(true).length > 0) {
    if (performance.now() >= end) return family.stop(Math.min(2, limits.graceSeconds));
    await sleep(50);
  }
  return 0;
}

function captureNote(name: string, state: Captured, limits: SandboxLimits): string[] {
  if (state.error) return [`Of ${name} (${state.bytes} bytes) not all could be written to disk: ${state.error}.`];
  if (state.cut) return [`Of ${name} (${state.bytes} bytes) only ${limits.outputBytes} bytes were kept.`];
  return [];
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return signal.aborted ? Promise.resolve() : once(signal, 'abort');
}

const never = () => new Promise<never>(() => {});
